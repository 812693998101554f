// SPDX-License-Identifier: Apache-2.0
// Endpoints that share memory, all in this process.
#ifndef TUTTI_TESTS_CONFORMANCE_SHM_FIXTURE_H_
#define TUTTI_TESTS_CONFORMANCE_SHM_FIXTURE_H_

#include <cstdint>
#include <memory>

#include "fixture.h"
#include "transports/shm/shm_options.h"

namespace tutti::conformance {

// options.rank, size and secret are set here. nullptr, with a line on stderr, if memory cannot be shared here.
std::unique_ptr<ConformanceFixture> MakeShmFixture(int32_t size, shm::ShmOptions options);

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_SHM_FIXTURE_H_
