// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/call_question.h"

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "tools/cluster/cluster_file.h"

namespace tutti::info {

absl::StatusOr<simulate::ClusterSpec> ReadSpec(const Options& options) {
  simulate::ClusterSpec spec;
  for (const std::string& file : {options.calibration_file, options.topology_file}) {
    if (file.empty()) continue;
    if (absl::Status status = cluster::ReadClusterFile(file, &spec); !status.ok()) return status;
  }
  return spec;
}

std::optional<Collective> CollectiveOf(absl::string_view name) {
  for (int c = 0; c < kNumCollectives; ++c) {
    if (name == CollectiveName(static_cast<Collective>(c))) return static_cast<Collective>(c);
  }
  return std::nullopt;
}

std::string NoCollective(absl::string_view name) {
  std::string names;
  for (int c = 0; c < kNumCollectives; ++c) {
    absl::StrAppend(&names, c == 0 ? "" : ", ", CollectiveName(static_cast<Collective>(c)));
  }
  return absl::StrCat("\"", name, "\" is not one of ", names);
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

std::string RuleText(const SelectionRule& rule) {
  return absl::StrCat(
      rule.max_ranks == kAnyRanks ? "any number of ranks" : absl::StrCat("up to ", rule.max_ranks, " ranks"), ", ",
      rule.max_bytes == kAnyBytes ? "any size" : absl::StrCat("up to ", rule.max_bytes, " bytes"), ": ",
      rule.algorithm);
}

}  // namespace tutti::info
