// SPDX-License-Identifier: Apache-2.0
// The list of transports that need an RDMA device: a program of its own, because it runs where such a device is
// (tests/softroce).
#include "fixture.h"
#include "verbs_fixture.h"

namespace tutti::conformance {
namespace {

// Sizes at which every message is cut, every queue fills up and every budget runs out.
verbs::VerbsOptions NarrowVerbs() {
  verbs::VerbsOptions options;
  options.eager_bytes = 1000;
  options.unexpected_bytes_per_peer = 20'000;
  options.slots_per_peer = 4;
  options.staging_bytes = 4096;
  options.staging_slots = 3;
  return options;
}

// Large messages go over four queue pairs: two for each of two devices, where there are so many.
verbs::VerbsOptions ManyLanes() {
  verbs::VerbsOptions options;
  options.rails = 2;
  options.pairs_per_rail = 2;
  return options;
}

}  // namespace

const std::vector<TransportUnderTest>& TransportsUnderTest() {
  static const std::vector<TransportUnderTest> transports = {
      {"verbs", [](int32_t size) { return MakeVerbsFixture(size, verbs::VerbsOptions()); }},
      {"verbs_narrow", [](int32_t size) { return MakeVerbsFixture(size, NarrowVerbs()); }},
      {"verbs_lanes", [](int32_t size) { return MakeVerbsFixture(size, ManyLanes()); }},
  };
  return transports;
}

}  // namespace tutti::conformance
