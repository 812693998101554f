// SPDX-License-Identifier: Apache-2.0
#include "tools/topology/draw.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "tools/drawing/words.h"

namespace tutti::topology {
namespace {

using drawing::BytesText;
using drawing::RangesText;

std::string CpusText(const Place& place) {
  std::string all = CpuNumbersText(place.cpus);
  if (place.allowed == place.cpus) return all;
  return absl::StrCat(all, " (this process may use ", RangesText(place.allowed), ")");
}

// A core without parts, like the one before it: as many CPUs, of which all or none may be used.
bool LikeBefore(const Place& before, const Place& place) {
  const auto usable = [](const Place& p) { return p.allowed.empty() ? 0 : p.allowed == p.cpus ? 1 : 2; };
  return place.kind == PlaceKind::kCore && before.kind == PlaceKind::kCore && place.parts.empty() &&
         before.parts.empty() && place.cpus.size() == before.cpus.size() && usable(place) == usable(before) &&
         usable(place) != 2;
}

void Append(const Place& place, size_t depth, std::string* text) {
  const std::string indent(2 * depth, ' ');
  absl::StrAppend(text, indent, PlaceText(place), "\n");
  for (size_t i = 0; i < place.parts.size();) {
    size_t end = i + 1;
    while (end < place.parts.size() && LikeBefore(place.parts[end - 1], place.parts[end])) ++end;
    if (end - i == 1) {
      Append(place.parts[i], depth + 1, text);
    } else {
      Place all;
      std::vector<int> cores;
      for (size_t k = i; k < end; ++k) {
        cores.push_back(place.parts[k].index);
        all.cpus.insert(all.cpus.end(), place.parts[k].cpus.begin(), place.parts[k].cpus.end());
        all.allowed.insert(all.allowed.end(), place.parts[k].allowed.begin(), place.parts[k].allowed.end());
      }
      std::sort(cores.begin(), cores.end());
      std::sort(all.cpus.begin(), all.cpus.end());
      std::sort(all.allowed.begin(), all.allowed.end());
      absl::StrAppend(text, indent, "  cores ", RangesText(cores), ": ", CpusText(all), "\n");
    }
    i = end;
  }
}

// " of package 1, NUMA node 1"; "" where the CPUs are of several, or it is not known.
std::string WhereText(const Place& machine, const LocalRank& rank) {
  std::string where;
  const int package = PackageOf(machine, rank.cpus);
  if (package >= 0) absl::StrAppend(&where, " of package ", package);
  if (rank.node >= 0) absl::StrAppend(&where, where.empty() ? " of " : ", ", "NUMA node ", rank.node);
  return where;
}

std::string RailsText(const LocalRank& rank) {
  if (rank.rails.empty()) return "";
  std::string text = absl::StrCat("sends by ", rank.rails[0]);
  if (rank.rails.size() == 1) return text;
  return absl::StrCat(text, ", with it ", absl::StrJoin(rank.rails.begin() + 1, rank.rails.end(), ", "));
}

}  // namespace

std::string CpuNumbersText(const std::vector<int>& cpus) {
  return absl::StrCat(cpus.size() == 1 ? "CPU " : "CPUs ", RangesText(cpus));
}

bool ShareAllCpus(const std::vector<LocalRank>& ranks) {
  return ranks.size() > 1 && std::all_of(ranks.begin(), ranks.end(),
                                         [&](const LocalRank& rank) { return rank.cpus == ranks.front().cpus; });
}

std::string RanksText(const Place& machine, const std::vector<LocalRank>& ranks) {
  std::string text;
  const bool together = ShareAllCpus(ranks);
  if (together) {
    absl::StrAppend(&text, "  each may run on any of ", CpuNumbersText(ranks[0].cpus), WhereText(machine, ranks[0]),
                    "\n");
  }
  const bool all_alike = together && std::all_of(ranks.begin(), ranks.end(),
                                                 [&](const LocalRank& rank) { return rank.rails == ranks[0].rails; });
  if (all_alike) {
    if (!ranks[0].rails.empty()) absl::StrAppend(&text, "  each ", RailsText(ranks[0]), "\n");
    return text;
  }
  for (const LocalRank& rank : ranks) {
    const std::string rails = RailsText(rank);
    absl::StrAppend(&text, "  rank ", rank.rank, ": ");
    if (!together) {
      absl::StrAppend(&text, CpuNumbersText(rank.cpus), WhereText(machine, rank), rails.empty() ? "" : "; ");
    }
    absl::StrAppend(&text, rails, "\n");
  }
  return text;
}

std::string PlaceText(const Place& place) {
  switch (place.kind) {
    case PlaceKind::kMachine:
      return absl::StrCat("machine", place.name.empty() ? "" : absl::StrCat(" (", place.name, ")"), ": ",
                          CpusText(place));
    case PlaceKind::kPackage:
      return absl::StrCat("package ", place.index, ": ", CpusText(place));
    case PlaceKind::kNumaNode:
      return absl::StrCat("NUMA node ", place.index, ": ", BytesText(place.bytes));
    case PlaceKind::kCache:
      return absl::StrCat("L", place.cache_level, " cache: ", BytesText(place.bytes));
    case PlaceKind::kCore:
      return absl::StrCat("core ", place.index, ": ", CpusText(place));
    case PlaceKind::kDevice:
      return absl::StrCat(place.is_rdma ? "RDMA device " : "network device ", place.name);
  }
  return "";
}

std::string DrawText(const Place& machine) {
  std::string text;
  Append(machine, 0, &text);
  return text;
}

}  // namespace tutti::topology
