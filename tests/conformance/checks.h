// SPDX-License-Identifier: Apache-2.0
// The promises of lib/transport/transport.h, one check each (or several to a promise). A check is a function and not a
// test, so that it can also be shown to fail over a transport that breaks the promise (mutation_test.cc).
#ifndef TUTTI_TESTS_CONFORMANCE_CHECKS_H_
#define TUTTI_TESTS_CONFORMANCE_CHECKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "fixture.h"

namespace tutti::conformance {

struct NamedCheck {
  const char* name;  // what the transport does if the check passes
  int promise;       // its number in transport.h; 0: an interface comment there
  int32_t num_ranks;
  // Ok, the first sentence about what is wrong, or kUnimplemented if the fixture cannot do what the check needs.
  absl::Status (*run)(ConformanceFixture& fixture);
};

const std::vector<NamedCheck>& AllChecks();

// The groups that AllChecks() is made of.
std::vector<NamedCheck> ConnectingChecks();
std::vector<NamedCheck> MatchingChecks();
std::vector<NamedCheck> DeliveryChecks();
std::vector<NamedCheck> MismatchChecks();
std::vector<NamedCheck> BoundedMemoryChecks();
std::vector<NamedCheck> FailureChecks();
std::vector<NamedCheck> ClosingChecks();
std::vector<NamedCheck> SteadyStateChecks();
std::vector<NamedCheck> SoakChecks();

// FOR CHECKS
inline absl::Status Require(bool condition, absl::string_view sentence) {
  return condition ? absl::OkStatus() : absl::FailedPreconditionError(sentence);
}

#define CONFORMANCE_RETURN_IF_ERROR(expression)       \
  do {                                                \
    const absl::Status status_of_step = (expression); \
    if (!status_of_step.ok()) return status_of_step;  \
  } while (false)

// 0, 1, 63, 64, 65, around the eager limit, 1 MiB, 8 MiB + 3; each once, ascending.
std::vector<uint64_t> InterestingLengths(const TransportCapabilities& capabilities);

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_CHECKS_H_
