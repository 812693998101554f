// SPDX-License-Identifier: Apache-2.0
// The simulated network under test.
#ifndef TUTTI_TESTS_CONFORMANCE_SIM_FIXTURE_H_
#define TUTTI_TESTS_CONFORMANCE_SIM_FIXTURE_H_

#include <cstdint>
#include <memory>

#include "fixture.h"
#include "transports/sim/options.h"

namespace tutti::conformance {

// options.size is set from `size`.
std::unique_ptr<ConformanceFixture> MakeSimFixture(int32_t size, sim::NetworkOptions options);

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_SIM_FIXTURE_H_
