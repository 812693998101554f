// SPDX-License-Identifier: Apache-2.0
#include "collectives/select/select.h"

#include <algorithm>

#include "absl/strings/string_view.h"

#include "collectives/select/rules.h"

namespace tutti {

namespace {

const SelectionRule& UsualRule(const Shape& shape, const ChoiceOptions& options) {
  const SelectionRule* shared = options.share_memory ? SharedRuleFor(shape, options.crowded) : nullptr;
  const SelectionRule* crowded = options.crowded && shared == nullptr ? CrowdedRuleFor(shape) : nullptr;
  const SelectionRule& rule = shared != nullptr ? *shared : crowded != nullptr ? *crowded : RuleFor(shape);
  if (!options.in_rank_order || FindAlgorithm(shape.collective, rule.algorithm)->keeps_rank_order) return rule;
  return OrderedRuleFor(shape);
}

}  // namespace

Choice ChooseAlgorithm(const Shape& shape, const Algorithm* wish, const ChoiceOptions& options) {
  const SelectionRule& rule = UsualRule(shape, options);
  const Algorithm* usual = FindAlgorithm(shape.collective, rule.algorithm);
  if (wish != nullptr && options.in_rank_order && !wish->keeps_rank_order) wish = nullptr;
  if (wish != nullptr && shape.uneven() && !wish->takes_uneven_blocks) wish = nullptr;
  Choice choice;
  choice.algorithm = wish != nullptr ? wish : usual;
  // A rule's segments fit its own algorithm only.
  const uint64_t segment_bytes = choice.algorithm == usual ? rule.segment_bytes : 0;
  choice.segment_bytes = shape.segment_bytes != 0 ? shape.segment_bytes : segment_bytes;
  return choice;
}

Choice ChooseEncodedAlgorithm(const Shape& shape, const Algorithm* wish, bool very_sparse) {
  constexpr int kMostGatherRanks = 4;
  const auto algorithms = EncodedAlgorithms(shape.collective);
  const bool is_encoded =
      std::any_of(algorithms.begin(), algorithms.end(), [&](const Algorithm& a) { return wish == &a; });
  if (is_encoded) return {wish, shape.segment_bytes};
  const bool gathers = very_sparse && shape.num_ranks <= kMostGatherRanks;
  // Several hosts, and several ranks on some of them: inside, bytes are cheaper than codes.
  const absl::string_view name = !shape.groups.empty() ? "encoded_hierarchical"
                                 : gathers             ? "encoded_gather"
                                                       : "encoded_direct";
  return {std::find_if(algorithms.begin(), algorithms.end(), [&](const Algorithm& a) { return a.name == name; }),
          shape.segment_bytes};
}

}  // namespace tutti
