// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/rule.h"

namespace tutti::check {

const char* RuleName(Rule rule) {
  switch (rule) {
    case Rule::kShape:
      return "shape";
    case Rule::kStructure:
      return "structure";
    case Rule::kInputModified:
      return "input modified";
    case Rule::kMessages:
      return "messages";
    case Rule::kRace:
      return "race";
    case Rule::kDeadlock:
      return "deadlock";
    case Rule::kUninitialized:
      return "uninitialized";
    case Rule::kReduction:
      return "reduction";
    case Rule::kCompletes:
      return "completes";
    case Rule::kResult:
      return "result";
    case Rule::kEqualBits:
      return "equal bits";
    case Rule::kQuantised:
      return "quantised";
    case Rule::kRankOrder:
      return "rank order";
    case Rule::kBarrier:
      return "barrier";
  }
  return "unknown rule";
}

}  // namespace tutti::check
