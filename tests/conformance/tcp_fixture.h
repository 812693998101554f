// SPDX-License-Identifier: Apache-2.0
// TCP endpoints on the loopback interface, all in this process.
#ifndef TUTTI_TESTS_CONFORMANCE_TCP_FIXTURE_H_
#define TUTTI_TESTS_CONFORMANCE_TCP_FIXTURE_H_

#include <cstdint>
#include <memory>

#include "fixture.h"
#include "transports/tcp/tcp_options.h"

namespace tutti::conformance {

// options.rank, size, bind_address and secret are set here. nullptr, with a line on stderr, if there is no loopback.
std::unique_ptr<ConformanceFixture> MakeTcpFixture(int32_t size, tcp::TcpOptions options);

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_TCP_FIXTURE_H_
