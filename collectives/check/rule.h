// SPDX-License-Identifier: Apache-2.0
// The rules that a set of schedules must keep, and the one way in which a broken rule is reported.
#ifndef TUTTI_COLLECTIVES_CHECK_RULE_H_
#define TUTTI_COLLECTIVES_CHECK_RULE_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti::check {

enum class Rule {
  kShape,          // the shape is possible, and there is one schedule per rank
  kStructure,      // indices, bounds, lengths, peers and flags of every step are valid on their own
  kInputModified,  // no step writes to input memory, except where it is also output
  kMessages,       // messages are numbered in list order, and each send has one receive of the same length
  kRace,           // steps that no dependency orders do not touch the same bytes, unless both only read
  kDeadlock,       // every step can finish, with sends that wait for their receive
  kUninitialized,  // nothing is read before it was written
  kReduction,      // operands belong to the same element, share no contribution and are not finished yet
  kCompletes,      // a value is finished exactly once, when it holds every rank's contribution
  kResult,         // every output element holds what the collective promises
  kEqualBits,      // all ranks compute the same element by the same expression
  kQuantised,      // no value is encoded more than twice on its way: as a contribution, and as a result
  kRankOrder,      // where that is demanded: operands are those of ranks 0, 1, 2, ..., from left to right
  kBarrier,        // no rank leaves a barrier before every rank has entered it
};

// "race", "input modified", ...
const char* RuleName(Rule rule);

// InvalidArgument: "<rule>: <parts>".
template <typename... Parts>
absl::Status Violation(Rule rule, const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(RuleName(rule), ": ", absl::StrCat(parts...)));
}

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_RULE_H_
