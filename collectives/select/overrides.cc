// SPDX-License-Identifier: Apache-2.0
// Reads the user's wishes, "all_reduce:ring@64K-,broadcast:binomial". The text may come from the environment, a file or the
// wire, and hold anything: what is quoted back is escaped and cut.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "collectives/select/rules.h"
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

// "8", "64K", "1M", "2G": powers of 1024.
std::optional<uint64_t> ParseBytes(absl::string_view text) {
  int shift = 0;
  if (!text.empty()) {
    const size_t unit = absl::string_view("KMGT").find(absl::ascii_toupper(static_cast<unsigned char>(text.back())));
    if (unit != absl::string_view::npos) {
      shift = 10 * (static_cast<int>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  uint64_t number = 0;
  const bool only_digits = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (!only_digits || !absl::SimpleAtoi(text, &number) || number > (kAnyBytes >> shift)) return std::nullopt;
  return number << shift;
}

// "N", "N-", "-N", "N-M". False if it is none of these, or is empty of numbers.
bool ParseRange(absl::string_view text, uint64_t* low, uint64_t* high) {
  const size_t dash = text.find('-');
  const absl::string_view first = absl::StripAsciiWhitespace(text.substr(0, dash));
  const absl::string_view last =
      dash == absl::string_view::npos ? first : absl::StripAsciiWhitespace(text.substr(dash + 1));
  if (first.empty() && last.empty()) return false;
  const std::optional<uint64_t> begin = first.empty() ? *low : ParseBytes(first);
  const std::optional<uint64_t> end = last.empty() ? *high : ParseBytes(last);
  if (!begin || !end || *begin > *end) return false;
  *low = *begin;
  *high = *end;
  return true;
}

absl::Status ParseLimits(absl::string_view text, AlgorithmWish* wish) {
  const size_t at = text.find('@');
  const size_t slash = text.find('/');
  if (slash != absl::string_view::npos) {
    uint64_t low = 1;
    uint64_t high = kAnyRanks;
    const size_t length = at != absl::string_view::npos && at > slash ? at - slash - 1 : absl::string_view::npos;
    const absl::string_view ranks = text.substr(slash + 1, length);
    if (!ParseRange(ranks, &low, &high) || low < 1 || high > kAnyRanks) {
      return absl::InvalidArgumentError(absl::StrCat(Quoted(ranks), " is not a range of ranks like 8, 8-, -8 or 2-8."));
    }
    wish->min_ranks = static_cast<int>(low);
    wish->max_ranks = static_cast<int>(high);
  }
  if (at != absl::string_view::npos) {
    const size_t length = slash != absl::string_view::npos && slash > at ? slash - at - 1 : absl::string_view::npos;
    const absl::string_view bytes = text.substr(at + 1, length);
    if (!ParseRange(bytes, &wish->min_bytes, &wish->max_bytes)) {
      return absl::InvalidArgumentError(
          absl::StrCat(Quoted(bytes), " is not a range of sizes like 64K-, -4K or 64K-1M (from small to large)."));
    }
  }
  return absl::OkStatus();
}

bool Covers(const AlgorithmWish& a, const AlgorithmWish& b) {
  return a.min_bytes <= b.min_bytes && a.max_bytes >= b.max_bytes && a.min_ranks <= b.min_ranks &&
         a.max_ranks >= b.max_ranks;
}

class OverridesParser {
 public:
  absl::Status Add(absl::string_view item);
  AlgorithmOverrides Take() { return std::move(overrides_); }

 private:
  AlgorithmOverrides overrides_;
  std::optional<Collective> collective_;  // of the item before
};

absl::Status OverridesParser::Add(absl::string_view item) {
  const size_t colon = item.find(':');
  if (colon != absl::string_view::npos) {
    const absl::StatusOr<Collective> collective = ParseCollective(absl::StripAsciiWhitespace(item.substr(0, colon)));
    if (!collective.ok()) return collective.status();
    collective_ = *collective;
    item = item.substr(colon + 1);
  } else if (!collective_ || item.empty()) {
    return absl::InvalidArgumentError(
        "expected collective:algorithm, as in \"all_reduce:ring,broadcast:binomial\" or "
        "\"all_reduce:ring@64K-,recursive_doubling@-4K/2-8\".");
  }
  const size_t limits = item.find_first_of("@/");
  AlgorithmWish wish;
  const absl::StatusOr<const Algorithm*> algorithm =
      ParseAlgorithm(*collective_, absl::StripAsciiWhitespace(item.substr(0, limits)));
  if (!algorithm.ok()) return algorithm.status();
  wish.algorithm = *algorithm;
  if (limits != absl::string_view::npos) {
    if (absl::Status status = ParseLimits(item.substr(limits), &wish); !status.ok()) return status;
  }
  std::vector<AlgorithmWish>& wishes = overrides_.by_collective[static_cast<size_t>(*collective_)];
  for (const AlgorithmWish& before : wishes) {
    if (!Covers(before, wish)) continue;
    return absl::InvalidArgumentError(absl::StrCat(CollectiveName(*collective_), " has an algorithm already",
                                                   limits == absl::string_view::npos ? "" : " for all of this", ": \"",
                                                   before.algorithm->name, "\"."));
  }
  wishes.push_back(wish);
  return absl::OkStatus();
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
  if (text.size() > kMaxOverridesBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("algorithms: ", text.size(), " bytes are more than the ", kMaxOverridesBytes, " that are read"));
  }
  OverridesParser parser;
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    const absl::string_view line = absl::StripAsciiWhitespace(lines[i].substr(0, lines[i].find('#')));
    if (line.empty()) continue;
    size_t item_number = 0;
    for (const absl::string_view piece : absl::StrSplit(line, ',')) {
      ++item_number;
      const absl::string_view item = absl::StripAsciiWhitespace(piece);
      const absl::Status status = parser.Add(item);
      if (status.ok()) continue;
      const std::string place = lines.size() > 1 ? absl::StrCat("line ", i + 1) : Quoted(text);
      return absl::InvalidArgumentError(
          absl::StrCat("algorithms ", place, ", item ", item_number, " (", Quoted(item), "): ", status.message()));
    }
  }
  return parser.Take();
}

const Algorithm* AlgorithmOverrides::For(const Shape& shape) const {
  const std::vector<AlgorithmWish>& wishes = by_collective[static_cast<size_t>(shape.collective)];
  if (wishes.empty()) return nullptr;
  const uint64_t bytes = TotalBytes(shape);
  for (const AlgorithmWish& wish : wishes) {
    if (bytes >= wish.min_bytes && bytes <= wish.max_bytes && shape.num_ranks >= wish.min_ranks &&
        shape.num_ranks <= wish.max_ranks) {
      return wish.algorithm;
    }
  }
  return nullptr;
}

}  // namespace tutti
