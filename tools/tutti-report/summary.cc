// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-report/summary.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "tools/tutti-report/facts.h"

namespace tutti::report {
namespace {

// Below these a rank or path is as good as the others: the differences are noise.
constexpr double kNotableWait = 0.1;   // of the time in operations
constexpr double kNotableShare = 1.5;  // times its equal share of all waiting
constexpr double kNotablePath = 2;     // times the median of all paths
constexpr uint64_t kEnoughMessages = 20;

std::string Percent(double part, double whole) {
  const double percent = whole > 0 ? 100 * part / whole : 0;
  return percent > 0 && percent < 0.5 ? "under 1 %" : absl::StrFormat("%.0f %%", percent);
}

double AllTime(const Facts& facts) {
  return static_cast<double>(facts.queued_ns) + static_cast<double>(facts.waited_ns) +
         static_cast<double>(facts.moved_ns) + static_cast<double>(facts.reduced_ns) +
         static_cast<double>(facts.coded_ns);
}

void LateRankSentence(const Facts& facts, std::vector<std::string>* out) {
  if (facts.recorded == 0) {
    out->push_back("No operation was recorded.");
    return;
  }
  const double waited = static_cast<double>(facts.waited_ns) / std::max(AllTime(facts), 1.0);
  double all_cost = 0;
  for (const LateRank& late : facts.late) all_cost += static_cast<double>(late.cost_ns);
  const bool notable = !facts.late.empty() && waited >= kNotableWait && facts.late[0].times_last > 0 &&
                       static_cast<double>(facts.late[0].cost_ns) * facts.size >= kNotableShare * all_cost;
  if (!notable) {
    out->push_back(absl::StrCat("No rank stands out: ", waited < kNotableWait
                                                            ? "ranks hardly waited for each other."
                                                            : "each was late about as much as the others."));
    return;
  }
  const LateRank& late = facts.late[0];
  std::string name = facts.NameOf(late.rank);
  name[0] = 'R';
  out->push_back(absl::StrCat(name, " was last in ", Percent(late.share, 1), " of operations, by ",
                              DurationText(late.median_late_ns), " at the median and ", DurationText(late.max_late_ns),
                              " at worst. Waiting for it cost the other ranks ",
                              DurationText(static_cast<int64_t>(late.cost_ns)), " together."));
}

void TimeSentence(const Facts& facts, std::vector<std::string>* out) {
  const double all = AllTime(facts);
  if (all == 0) return;
  const auto percent = [all](uint64_t ns) { return Percent(static_cast<double>(ns), all); };
  // Most jobs use no codec, and need not hear of any.
  const std::string coding =
      facts.coded_ns > 0 ? absl::StrCat(", ", percent(facts.coded_ns), " encoding and decoding") : "";
  out->push_back(absl::StrCat("Of the ranks' time in operations, ", percent(facts.waited_ns),
                              " was waiting for late ranks, ", percent(facts.moved_ns), " moving bytes, ",
                              percent(facts.reduced_ns), " reducing", coding, ", and ", percent(facts.queued_ns),
                              " queueing behind other operations."));
}

double MeanPath(const Delay& delay) {
  return static_cast<double>(delay.path_ns) / static_cast<double>(std::max<uint64_t>(delay.messages, 1));
}

void SlowPathSentence(const Facts& facts, std::vector<std::string>* out) {
  std::vector<Delay> paths;
  std::copy_if(facts.delays.begin(), facts.delays.end(), std::back_inserter(paths),
               [](const Delay& delay) { return delay.messages >= kEnoughMessages; });
  if (paths.size() < 3) return;
  std::sort(paths.begin(), paths.end(), [](const Delay& a, const Delay& b) { return MeanPath(a) < MeanPath(b); });
  const double median = MeanPath(paths[(paths.size() - 1) / 2]);
  const Delay& slowest = paths.back();
  // Messages differ in size: a path is worth a word only if it took a rank's time, too.
  const double share = static_cast<double>(slowest.path_ns) * facts.size / std::max(AllTime(facts), 1.0);
  if (median <= 0 || MeanPath(slowest) < kNotablePath * median || share < kNotableWait) return;
  out->push_back(absl::StrCat("The slowest path leads from ", facts.NameOf(slowest.from), " to ",
                              facts.NameOf(slowest.to), ": its messages were ",
                              DurationText(std::llround(MeanPath(slowest))), " on their way on average, ",
                              absl::StrFormat("%.2g", MeanPath(slowest) / median), " times the median path."));
}

void WorstSentence(const Facts& facts, std::vector<std::string>* out) {
  if (facts.worst.empty()) return;
  const JoinedOperation& worst = facts.worst[0];
  const Part& part = *std::max_element(worst.parts.begin(), worst.parts.end(), [](const Part& a, const Part& b) {
    return a.end_ns - a.start_ns < b.end_ns - b.start_ns;
  });
  std::string text = absl::StrCat("The slowest operation, ", worst.call, " of ", BytesText(worst.bytes), " (number ",
                                  worst.sequence, " of communicator ", worst.comm, "), took ",
                                  DurationText(worst.duration_ns), " on rank ", part.rank);
  if (part.waited_ns * 2 >= worst.duration_ns && worst.last >= 0 && worst.last != part.rank) {
    absl::StrAppend(&text, ", ", DurationText(part.waited_ns), " of them waiting for rank ", worst.last);
  } else if (part.moved_ns * 2 >= worst.duration_ns) {
    absl::StrAppend(&text, ", ", DurationText(part.moved_ns), " of them moving bytes");
    if (part.slow_from >= 0) absl::StrAppend(&text, ", the slowest from rank ", part.slow_from, " by ", part.rail);
  }
  out->push_back(text + ".");
}

void ClockSentence(const Facts& facts, std::vector<std::string>* out) {
  std::set<std::string> hosts;
  int64_t error_ns = 0;
  std::vector<std::string> unknown;
  for (const RankFacts& rank : facts.ranks) {
    if (rank.clock_error_ns == Clocks::kUnknown) {
      unknown.push_back(absl::StrCat(rank.rank));
    } else {
      error_ns = std::max(error_ns, rank.clock_error_ns);
    }
  }
  if (error_ns > 0) {
    out->push_back(absl::StrCat("Times of different hosts are compared to within ", DurationText(error_ns), "."));
  }
  if (!unknown.empty()) {
    out->push_back(absl::StrCat("The clocks of ranks ", absl::StrJoin(unknown, ", "),
                                " were never compared with the others': their times are only as good as the hosts' "
                                "time of day."));
  }
}

void GapSentences(const Facts& facts, std::vector<std::string>* out) {
  if (!facts.missing.empty()) {
    std::vector<int32_t> named(
        facts.missing.begin(),
        facts.missing.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(facts.missing.size(), 8)));
    out->push_back(absl::StrCat("There is no file of ", facts.missing.size(), " of the ", facts.size, " ranks: ",
                                absl::StrJoin(named, ", "), named.size() < facts.missing.size() ? " and more." : "."));
  }
  uint64_t lost = 0;
  for (const RankFacts& rank : facts.ranks) lost += rank.lost;
  if (lost > 0) {
    out->push_back(absl::StrCat(CountText(lost),
                                " operations ended quicker than they could be written down: they are "
                                "in the totals, but not among the single ones."));
  }
  if (!facts.problems.empty()) {
    out->push_back(
        absl::StrCat("Not all files could be read to the end; see the notes (", facts.problems.size(), ")."));
  }
}

}  // namespace

std::string DurationText(int64_t ns) {
  const double value = static_cast<double>(ns);
  if (ns < 1000) return absl::StrCat(ns, " ns");
  // Three digits, without an exponent.
  const auto digits = [](double x) { return absl::StrFormat("%.*f", x < 9.995 ? 2 : x < 99.95 ? 1 : 0, x); };
  if (value < 999.5e3) return digits(value / 1e3) + " us";
  if (value < 999.5e6) return digits(value / 1e6) + " ms";
  return digits(value / 1e9) + " s";
}

std::string BytesText(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.*f %s", value == std::floor(value) ? 0 : 1, value, kUnits[unit]);
}

std::string CountText(uint64_t number) {
  std::string text = absl::StrCat(number);
  for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<size_t>(at), ",");
  return text;
}

std::vector<std::string> Summarize(const Facts& facts) {
  std::vector<std::string> out;
  LateRankSentence(facts, &out);
  TimeSentence(facts, &out);
  SlowPathSentence(facts, &out);
  WorstSentence(facts, &out);
  ClockSentence(facts, &out);
  GapSentences(facts, &out);
  return out;
}

}  // namespace tutti::report
