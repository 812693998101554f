// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-report/perfetto.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "tools/tutti-report/join.h"
#include "tools/tutti-report/summary.h"

namespace tutti::report {
namespace {

using Json = nlohmann::ordered_json;

double Us(int64_t ns) { return static_cast<double>(ns) / 1000; }

class Writer {
 public:
  Writer(const Records& records, const Clocks& clocks, std::ostream& out)
      : records_(records), clocks_(clocks), out_(out) {}

  void Write() {
    operations_ = JoinOperations(records_);
    origin_ns_ = INT64_MAX;
    for (const auto& seen : operations_) {
      for (const Seen& one : seen) origin_ns_ = std::min(origin_ns_, StartOf(one));
    }
    out_ << "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[";
    FindTracks();
    for (const auto& seen : operations_) {
      for (const Seen& one : seen) WriteSlice(one, records_);
      WriteArrowsFromLast(seen);
    }
    WriteMessageArrows();
    out_ << "\n]}\n";
  }

 private:
  struct Track {
    int process = 0;
    int64_t thread = 0;
  };

  int64_t StartOf(const Seen& seen) const { return clocks_.ToCommon(seen.job_rank, seen.entry->start_ns); }
  int64_t EndOf(const Seen& seen) const { return StartOf(seen) + (seen.entry->end_ns - seen.entry->start_ns); }

  void Put(const Json& event) {
    out_ << (first_ ? "\n" : ",\n") << event.dump(-1, ' ', true, Json::error_handler_t::replace);
    first_ = false;
  }

  // Operations of a rank that overlap are put on tracks beside each other, or viewers could not show them.
  void FindTracks() {
    std::map<std::string, int> processes;
    for (const auto& [job_rank, rank] : records_.ranks) {
      const auto [it, is_new] = processes.emplace(rank.host_id, static_cast<int>(processes.size()) + 1);
      if (is_new) {
        Put({{"name", "process_name"}, {"ph", "M"}, {"pid", it->second}, {"args", {{"name", "host " + rank.host}}}});
      }
      process_of_[job_rank] = it->second;
    }
    std::map<int32_t, std::vector<Seen>> by_rank;
    for (const auto& seen : operations_) {
      for (const Seen& one : seen) by_rank[one.job_rank].push_back(one);
    }
    for (auto& [job_rank, seen] : by_rank) {
      std::stable_sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) {
        return a.entry->start_ns != b.entry->start_ns ? a.entry->start_ns < b.entry->start_ns
                                                      : a.entry->end_ns > b.entry->end_ns;
      });
      std::vector<int64_t> ends;
      for (const Seen& one : seen) {
        const auto free =
            std::find_if(ends.begin(), ends.end(), [&](int64_t end_ns) { return end_ns <= one.entry->start_ns; });
        const size_t lane = static_cast<size_t>(free - ends.begin());
        if (free == ends.end()) {
          ends.push_back(0);
          NameTrack(job_rank, lane);
        }
        ends[lane] = one.entry->end_ns;
        track_of_[one.entry] = {process_of_[job_rank], ThreadOf(job_rank, lane)};
      }
    }
  }

  static int64_t ThreadOf(int32_t job_rank, size_t lane) {
    return int64_t{job_rank} + 1 + static_cast<int64_t>(lane) * 10'000'000;
  }

  void NameTrack(int32_t job_rank, size_t lane) {
    const int64_t thread = ThreadOf(job_rank, lane);
    const std::string name = absl::StrCat("rank ", job_rank, lane > 0 ? absl::StrCat(" (", lane + 1, ")") : "");
    Put({{"name", "thread_name"},
         {"ph", "M"},
         {"pid", process_of_[job_rank]},
         {"tid", thread},
         {"args", {{"name", name}}}});
    Put({{"name", "thread_sort_index"},
         {"ph", "M"},
         {"pid", process_of_[job_rank]},
         {"tid", thread},
         {"args", {{"sort_index", int64_t{job_rank} * 100 + static_cast<int64_t>(lane)}}}});
  }

  Json Event(const char* phase, const Seen& seen, int64_t at_ns) {
    const Track& track = track_of_.at(seen.entry);
    return {{"ph", phase}, {"pid", track.process}, {"tid", track.thread}, {"ts", Us(at_ns - origin_ns_)}};
  }

  // The operation, and in it the time that it waited for a late rank.
  void WriteSlice(const Seen& one, const Records& records) {
    const OperationEntry& entry = *one.entry;
    const auto& members = records.ranks.at(one.job_rank).comms.at(entry.comm);
    Json event = Event("X", one, StartOf(one));
    event["dur"] = Us(entry.end_ns - entry.start_ns);
    event["cat"] = "operation";
    event["name"] = absl::StrCat(*entry.call, " ", BytesText(entry.bytes));
    Json& args = event["args"] = {
        {"communicator", entry.comm},     {"sequence", entry.sequence},         {"algorithm", *entry.algorithm},
        {"bytes", entry.bytes},           {"queued_us", Us(entry.queued_ns)},   {"waited_us", Us(entry.waited_ns)},
        {"moved_us", Us(entry.moved_ns)}, {"reduced_us", Us(entry.reduced_ns)}, {"coded_us", Us(entry.coded_ns)}};
    if (entry.last >= 0) args["last_rank"] = members[static_cast<size_t>(entry.last)];
    if (entry.peer >= 0) args["peer"] = members[static_cast<size_t>(entry.peer)];
    if (entry.outcome != nullptr) args["outcome"] = *entry.outcome;
    Put(event);
    if (entry.waited_ns == 0 || entry.last < 0 || entry.last == one.comm_rank) return;
    Json wait = Event("X", one, StartOf(one) + entry.queued_ns);
    wait["dur"] = Us(std::min(entry.waited_ns, entry.end_ns - entry.start_ns));
    wait["cat"] = "wait";
    wait["name"] = absl::StrCat("waits for rank ", members[static_cast<size_t>(entry.last)]);
    Put(wait);
  }

  void Arrow(const char* name, const Seen& from, int64_t from_ns, const Seen& to, int64_t to_ns) {
    ++arrows_;
    Json begin = Event("s", from, from_ns);
    begin["id"] = arrows_;
    begin["cat"] = name;
    begin["name"] = name;
    Put(begin);
    Json end = Event("f", to, to_ns);
    end["bp"] = "e";
    end["id"] = arrows_;
    end["cat"] = name;
    end["name"] = name;
    Put(end);
  }

  void WriteArrowsFromLast(const std::vector<Seen>& seen) {
    const Lateness lateness = FindLast(seen, records_);
    const auto last =
        std::find_if(seen.begin(), seen.end(), [&](const Seen& one) { return one.job_rank == lateness.job_rank; });
    if (last == seen.end()) return;
    for (const Seen& one : seen) {
      if (&one == &*last || one.entry->waited_ns == 0) continue;
      const int64_t waited_until_ns = StartOf(one) + one.entry->queued_ns + one.entry->waited_ns;
      Arrow("late rank", *last, StartOf(*last), one, std::min(waited_until_ns, EndOf(one)));
    }
  }

  void WriteMessageArrows() {
    std::map<std::tuple<uint32_t, int32_t, int32_t, uint32_t, uint64_t>, Seen> sends;  // comm, from, to, tag, sequence
    for (const bool is_send : {true, false}) {
      for (const auto& seen : operations_) {
        const Seen& one = seen.front();
        const OperationEntry& entry = *one.entry;
        if (!entry.is_message() || (*entry.call == "send") != is_send) continue;
        if (is_send) {
          sends[{entry.comm, one.comm_rank, entry.peer, entry.tag, entry.sequence}] = one;
          continue;
        }
        const auto send = sends.find({entry.comm, entry.peer, one.comm_rank, entry.tag, entry.sequence});
        if (send != sends.end()) Arrow("message", send->second, StartOf(send->second), one, EndOf(one));
      }
    }
  }

  const Records& records_;
  const Clocks& clocks_;
  std::ostream& out_;
  std::vector<std::vector<Seen>> operations_;
  int64_t origin_ns_ = 0;
  std::map<int32_t, int> process_of_;
  std::map<const OperationEntry*, Track> track_of_;
  uint64_t arrows_ = 0;
  bool first_ = true;
};

}  // namespace

void WritePerfetto(const Records& records, const Clocks& clocks, std::ostream& out) {
  Writer(records, clocks, out).Write();
}

}  // namespace tutti::report
