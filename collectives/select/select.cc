// SPDX-License-Identifier: Apache-2.0
#include "collectives/select/select.h"

#include "collectives/select/rules.h"

namespace tutti {

Choice ChooseAlgorithm(const Shape& shape, const Algorithm* wish, bool share_memory) {
  const SelectionRule* shared = share_memory ? SharedRuleFor(shape) : nullptr;
  const SelectionRule& rule = shared != nullptr ? *shared : RuleFor(shape);
  const Algorithm* usual = FindAlgorithm(shape.collective, rule.algorithm);
  if (wish != nullptr && shape.uneven() && !wish->takes_uneven_blocks) wish = nullptr;
  Choice choice;
  choice.algorithm = wish != nullptr ? wish : usual;
  // A rule's segments fit its own algorithm only.
  const uint64_t segment_bytes = choice.algorithm == usual ? rule.segment_bytes : 0;
  choice.segment_bytes = shape.segment_bytes != 0 ? shape.segment_bytes : segment_bytes;
  return choice;
}

}  // namespace tutti
