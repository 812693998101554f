// SPDX-License-Identifier: Apache-2.0
// Reads the user's wishes, "all_reduce:ring,broadcast:binomial". The text may come from the environment and hold
// anything: what is quoted back is escaped and cut.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "collectives/select/select.h"

namespace tutti {
namespace {

constexpr size_t kMaxQuoted = 64;

std::string Quoted(absl::string_view text) {
  const bool cut = text.size() > kMaxQuoted;
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kMaxQuoted)), cut ? "...\"" : "\"");
}

// How many characters must be inserted, deleted or replaced to turn one into the other (Levenshtein distance).
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// " Did you mean ...?" if a name is close, and the list of all names.
std::string Hint(absl::string_view given, const std::vector<absl::string_view>& names) {
  const std::string lower = absl::AsciiStrToLower(given.substr(0, kMaxQuoted));
  const auto closer = [&](absl::string_view a, absl::string_view b) { return Distance(lower, a) < Distance(lower, b); };
  const absl::string_view nearest = *std::min_element(names.begin(), names.end(), closer);
  const bool close = Distance(lower, nearest) <= std::max<size_t>(2, nearest.size() / 3);
  return absl::StrCat(close ? absl::StrCat(" Did you mean \"", nearest, "\"?") : "",
                      " Valid names: ", absl::StrJoin(names, ", "), ".");
}

absl::StatusOr<Collective> ParseCollective(absl::string_view name) {
  std::vector<absl::string_view> names;
  for (int c = 0; c < kNumCollectives; ++c) {
    names.push_back(CollectiveName(static_cast<Collective>(c)));
    if (name == names.back()) return static_cast<Collective>(c);
  }
  return absl::InvalidArgumentError(absl::StrCat(Quoted(name), " is not a collective.", Hint(name, names)));
}

}  // namespace

absl::StatusOr<const Algorithm*> ParseAlgorithm(Collective collective, absl::string_view name) {
  if (const Algorithm* algorithm = FindAlgorithm(collective, name)) return algorithm;
  std::vector<absl::string_view> names;
  for (const Algorithm& algorithm : Algorithms(collective)) names.push_back(algorithm.name);
  return absl::InvalidArgumentError(
      absl::StrCat(Quoted(name), " is not an algorithm for ", CollectiveName(collective), ".", Hint(name, names)));
}

absl::StatusOr<AlgorithmOverrides> AlgorithmOverrides::Parse(absl::string_view text) {
  AlgorithmOverrides overrides;
  if (absl::StripAsciiWhitespace(text).empty()) return overrides;
  size_t item_number = 0;
  for (absl::string_view piece : absl::StrSplit(text, ',')) {
    ++item_number;
    const absl::string_view item = absl::StripAsciiWhitespace(piece);
    const auto error = [&](absl::string_view why) {
      return absl::InvalidArgumentError(
          absl::StrCat("algorithms ", Quoted(text), ", item ", item_number, " (", Quoted(item), "): ", why));
    };
    const size_t colon = item.find(':');
    if (colon == absl::string_view::npos) {
      return error("expected collective:algorithm, as in \"all_reduce:ring,broadcast:binomial\".");
    }
    const absl::StatusOr<Collective> collective = ParseCollective(absl::StripAsciiWhitespace(item.substr(0, colon)));
    if (!collective.ok()) return error(collective.status().message());
    const absl::StatusOr<const Algorithm*> algorithm =
        ParseAlgorithm(*collective, absl::StripAsciiWhitespace(item.substr(colon + 1)));
    if (!algorithm.ok()) return error(algorithm.status().message());
    const Algorithm*& wish = overrides.by_collective[static_cast<size_t>(*collective)];
    if (wish != nullptr) {
      return error(absl::StrCat(CollectiveName(*collective), " has an algorithm already: \"", wish->name, "\"."));
    }
    wish = *algorithm;
  }
  return overrides;
}

}  // namespace tutti
