// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/call_question.h"

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "tools/cluster/cluster_file.h"

namespace tutti::info {

absl::StatusOr<simulate::ClusterSpec> ReadSpec(const Options& options) {
  return cluster::ReadClusterFiles({options.calibration_file, options.topology_file});
}

absl::StatusOr<Wish> WishFor(const Shape& shape, const JobSettings& settings) {
  const absl::StatusOr<AlgorithmOverrides> wishes = AlgorithmOverrides::Parse(settings.algorithm);
  if (!wishes.ok()) return wishes.status();
  if (const Algorithm* wish = wishes->For(shape)) return Wish{wish, "TUTTI_ALGORITHM says so", true};
  if (settings.algorithm_table.empty()) return Wish{};
  std::ifstream file(settings.algorithm_table);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::string place = absl::StrCat("TUTTI_ALGORITHM_TABLE: ", settings.algorithm_table);
  if (!file) return absl::NotFoundError(absl::StrCat(place, ": it cannot be read"));
  const absl::StatusOr<AlgorithmOverrides> table = AlgorithmOverrides::Parse(text);
  if (!table.ok()) return absl::Status(table.status().code(), absl::StrCat(place, ": ", table.status().message()));
  if (const Algorithm* wish = table->For(shape)) return Wish{wish, absl::StrCat(place, " says so")};
  return Wish{};
}

namespace {

// "up to 64 ranks, any size: ring".
std::string RuleText(const SelectionRule& rule) {
  return absl::StrCat(
      rule.max_ranks == kAnyRanks ? "any number of ranks" : absl::StrCat("up to ", rule.max_ranks, " ranks"), ", ",
      rule.max_bytes == kAnyBytes ? "any size" : absl::StrCat("up to ", rule.max_bytes, " bytes"), ": ",
      rule.algorithm);
}

}  // namespace

std::string WhyByRules(const Shape& shape, bool crowded) {
  const SelectionRule* rule = crowded ? CrowdedRuleFor(shape) : nullptr;
  if (rule == nullptr) return absl::StrCat("the library's rules: ", RuleText(RuleFor(shape)));
  return absl::StrCat("the library's rules where ranks outnumber cores: ", RuleText(*rule));
}

}  // namespace tutti::info
