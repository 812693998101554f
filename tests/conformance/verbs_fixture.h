// SPDX-License-Identifier: Apache-2.0
#ifndef TUTTI_TESTS_CONFORMANCE_VERBS_FIXTURE_H_
#define TUTTI_TESTS_CONFORMANCE_VERBS_FIXTURE_H_

#include <cstdint>
#include <memory>

#include "fixture.h"
#include "transports/verbs/verbs_options.h"

namespace tutti::conformance {

// Endpoints on this host's RDMA device, over control connections on the loopback interface. nullptr, with a word on
// stderr, if there is none.
std::unique_ptr<ConformanceFixture> MakeVerbsFixture(int32_t size, verbs::VerbsOptions options);

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_VERBS_FIXTURE_H_
