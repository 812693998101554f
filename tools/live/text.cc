// SPDX-License-Identifier: Apache-2.0
// A snapshot for people, as text and on a screen.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "lib/base/clock.h"
#include "lib/comm/call.h"
#include "tools/live/names.h"
#include "tools/live/show.h"

namespace tutti::live {
namespace {

using Operation = FlightRecord::Operation;
using Row = std::vector<std::string>;

constexpr size_t kMaxNamedRanks = 12;

// Longer ago than this, and running operations have not been looked after.
constexpr int64_t kUndrivenNs = kNsPerSecond;

std::string AgoText(int64_t then_ns, int64_t now_ns) { return then_ns > 0 ? ShortDuration(now_ns - then_ns) : "?"; }

std::string WaitText(const Operation& operation) {
  if (!operation.wait) return "";
  const FlightRecord::Wait& wait = *operation.wait;
  const std::string peer = wait.peer >= 0 ? absl::StrCat("rank ", wait.peer) : "all ranks";
  const std::string bytes = wait.bytes > 0 ? absl::StrCat(wait.bytes, " bytes") : "a message";
  const std::string step = absl::StrCat(" (step ", wait.step + 1, ")");
  switch (wait.kind) {
    case FlightWaitKind::kSend:
      return absl::StrCat(peer, " to take ", bytes, step);
    case FlightWaitKind::kReceive:
      return absl::StrCat(peer, " to send ", bytes, step);
    case FlightWaitKind::kContribution:
      return absl::StrCat(peer, " to contribute", step);
    case FlightWaitKind::kRoom:
      return absl::StrCat(peer, " to read what lies in shared memory", step);
    case FlightWaitKind::kSharedMemory:
      return absl::StrCat(peer, " to make its shared memory");
    case FlightWaitKind::kEarlierOperation:
      return "an earlier operation of the communicator";
    case FlightWaitKind::kNothing:
      break;
  }
  return "";
}

std::string Numbered(const Operation& operation) {
  return operation.is_message() ? CallText(operation) : absl::StrCat("#", operation.sequence, " ", CallText(operation));
}

// The rows of one rank: rank, pid, state, what it is in, steps, for how long, what it waits for.
Row RankRow(const LiveRank& rank, int64_t now_ns) {
  Row row = {absl::StrCat(rank.record.rank), absl::StrCat(rank.record.process.pid), StateName(rank.state)};
  const Operation* current = rank.current();
  if (current == nullptr) {
    const Operation* last = rank.last_completed();
    std::string idle = rank.called_only() > 0 ? absl::StrCat("called ", rank.called_only(), ", not begun") : "nothing";
    if (last != nullptr) absl::StrAppend(&idle, "; last ", Numbered(*last));
    row.insert(row.end(), {idle, "", "", ""});
    if (last != nullptr && last->ended_ns > 0)
      row.back() = absl::StrCat("ended ", AgoText(last->ended_ns, now_ns), " ago");
    return row;
  }
  std::string in = Numbered(*current);
  if (rank.running() > 1) absl::StrAppend(&in, " and ", rank.running() - 1, " more");
  std::string waits = WaitText(*current);
  const int64_t driven_ns = std::max(rank.record.driven_ns, current->started_ns);
  if (rank.state == ProcessState::kAlive && driven_ns > 0 && now_ns - driven_ns > kUndrivenNs) {
    absl::StrAppend(&waits, waits.empty() ? "" : "; ", "the program has not looked after it for ",
                    AgoText(driven_ns, now_ns));
  }
  row.insert(row.end(), {in, absl::StrCat(current->progress.steps_done, "/", current->progress.steps),
                         AgoText(current->started_ns, now_ns), waits});
  return row;
}

std::string Table(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      // Numbers to the right.
      const int width = static_cast<int>(widths[i]);
      absl::StrAppendFormat(&line, "%s%*s", i > 0 ? "  " : "", i < 2 ? width : -width, row[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

// "rank 3 (stopped, still in operation 16)"
std::string NameInHold(const LiveJob& job, const Hold& hold, int32_t number) {
  std::string name = absl::StrCat("rank ", number);
  for (const LiveRank& rank : job.ranks) {
    if (rank.record.rank != number) continue;
    std::vector<std::string> facts;
    if (rank.state != ProcessState::kAlive) facts.emplace_back(StateName(rank.state));
    const Operation* current = rank.current();
    const bool behind = current != nullptr && current->channel == hold.channel && current->sequence < hold.sequence;
    if (behind) facts.push_back(absl::StrCat("still in operation ", current->sequence));
    return facts.empty() ? name : absl::StrCat(name, " (", absl::StrJoin(facts, ", "), ")");
  }
  return absl::StrCat(name, " (not on this host)");
}

std::string NameRanks(const LiveJob& job, const Hold& hold, const std::vector<int32_t>& ranks) {
  std::vector<std::string> names;
  for (size_t i = 0; i < ranks.size() && i < kMaxNamedRanks; ++i) names.push_back(NameInHold(job, hold, ranks[i]));
  if (ranks.size() > kMaxNamedRanks) names.push_back(absl::StrCat(ranks.size() - kMaxNamedRanks, " more"));
  return absl::StrJoin(names, ", ");
}

std::string HoldText(const LiveJob& job, const Hold& hold, int64_t now_ns) {
  std::string text =
      absl::StrCat("Operation ", hold.sequence, " of communicator ", hold.channel, ", ",
                   DescribeSignature(hold.signature), ", has been running for ", AgoText(hold.since_ns, now_ns), " on ",
                   hold.in_it.size(), hold.in_it.size() == 1 ? " rank" : " ranks", " of this host.");
  std::vector<int32_t> culprits;
  for (const auto& [rank, waiters] : hold.culprits) culprits.push_back(rank);
  const bool same = culprits == hold.missing;
  if (!hold.missing.empty() && !same) absl::StrAppend(&text, " Not in it: ", NameRanks(job, hold, hold.missing), ".");
  if (!culprits.empty()) {
    absl::StrAppend(&text, same ? " Not in it, and waited for: " : " Waited for: ", NameRanks(job, hold, culprits),
                    ".");
  }
  return text + "\n";
}

// Breaks a paragraph into lines of at most so many columns; 0: does not.
std::string Wrapped(const std::string& paragraph, size_t columns) {
  if (columns == 0) return paragraph;
  std::string text;
  size_t used = 0;
  for (const absl::string_view word : absl::StrSplit(paragraph, ' ')) {
    const bool breaks = used > 0 && used + 1 + word.size() > columns;
    absl::StrAppend(&text, used == 0 ? "" : breaks ? "\n" : " ", word);
    used = (breaks ? 0 : used + (used > 0 ? 1 : 0)) + word.size();
  }
  return text;
}

std::string LastText(const LiveRank& rank, int last, int64_t now_ns) {
  std::vector<Row> rows;
  const std::vector<Operation>& operations = rank.record.operations;
  const size_t begin = operations.size() - std::min(operations.size(), static_cast<size_t>(last));
  for (size_t i = begin; i < operations.size(); ++i) {
    const Operation& operation = operations[i];
    const bool measured = operation.started_ns > 0 && operation.ended_ns > 0;
    rows.push_back({"", absl::StrCat("communicator ", operation.channel), Numbered(operation),
                    absl::StrCat(operation.progress.steps_done, "/", operation.progress.steps),
                    OutcomeText(operation.progress.outcome),
                    operation.is_running() ? absl::StrCat("for ", AgoText(operation.started_ns, now_ns))
                    : measured ? absl::StrCat("took ", ShortDuration(operation.ended_ns - operation.started_ns))
                               : "",
                    WaitText(operation)});
  }
  return rows.empty() ? "" : absl::StrCat("\nrank ", rank.record.rank, ", last operations:\n", Table(rows));
}

std::string JobText(const LiveJob& job, int last, size_t columns, int64_t now_ns) {
  const FlightRecord& any = job.any();
  std::string text =
      absl::StrCat("run ", any.run, any.job_id.empty() ? "" : absl::StrCat(", job ", any.job_id), ", ", any.program,
                   ", since ", AgoText(any.created_ns, now_ns), ": ", job.ranks.size(), " of ", any.size,
                   any.size == 1 ? " rank" : " ranks", " on this host (", any.host, ")\n\n");
  std::vector<Row> rows = {{"rank", "pid", "process", "in", "steps", "for", "waits for"}};
  for (const LiveRank& rank : job.ranks) rows.push_back(RankRow(rank, now_ns));
  absl::StrAppend(&text, Table(rows));
  for (const Hold& hold : job.holds) absl::StrAppend(&text, "\n", Wrapped(HoldText(job, hold, now_ns), columns));
  for (const LiveRank& rank : job.ranks) {
    if (last > 0) absl::StrAppend(&text, LastText(rank, last, now_ns));
  }
  return text;
}

}  // namespace

std::string LiveText(const Snapshot& snapshot, int last, size_t columns) {
  std::vector<std::string> parts;
  for (const LiveJob& job : snapshot.jobs) parts.push_back(JobText(job, last, columns, snapshot.now_ns));
  if (parts.empty()) {
    parts.push_back(absl::StrCat("no ranks are seen: there are no such flight records in ",
                                 absl::StrJoin(snapshot.folders, ", "), "\n"));
  }
  for (const std::string& problem : snapshot.problems) parts.push_back(absl::StrCat(problem, "\n"));
  return absl::StrJoin(parts, "\n");
}

std::string Frame(absl::string_view text, size_t columns, size_t lines) {
  std::vector<absl::string_view> all = absl::StrSplit(text, '\n');
  if (!all.empty() && all.back().empty()) all.pop_back();
  std::string frame = "\x1b[H";
  const size_t shown = all.size() <= lines ? all.size() : lines - 1;
  for (size_t i = 0; i < shown; ++i) absl::StrAppend(&frame, i > 0 ? "\r\n" : "", all[i].substr(0, columns), "\x1b[K");
  if (shown < all.size())
    absl::StrAppend(&frame, "\r\n", absl::StrCat(all.size() - shown, " more lines").substr(0, columns), "\x1b[K");
  return absl::StrCat(frame, "\x1b[J");
}

}  // namespace tutti::live
