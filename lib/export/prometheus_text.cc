// SPDX-License-Identifier: Apache-2.0
#include "lib/export/prometheus_text.h"

#include <cmath>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

#include "lib/export/json_text.h"

namespace tutti {
namespace {

// Bounds of the histogram: 2^10 ns (1.024 us), then each four times the one before, up to 2^36 ns (69 s). They are bounds of
// tutti's own buckets, too, so that the counts are exact.
constexpr int kFirstBoundBits = 10;
constexpr int kLastBoundBits = 36;
constexpr int kBoundStepBits = 2;

std::string Seconds(double ns) { return absl::StrFormat("%.9g", ns / 1e9); }

std::string LabelValue(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t bytes = Utf8CharacterBytes(text);
    if (bytes == 0) {
      out += "\xef\xbf\xbd";
    } else if (text[0] == '\n') {
      out += "\\n";
    } else {
      if (text[0] == '"' || text[0] == '\\') out += '\\';
      out.append(text.data(), bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return out + "\"";
}

class Writer {
 public:
  Writer(const RankIdentity& identity, const std::vector<CommTotals>& comms) : identity_(identity), comms_(comms) {}

  std::string Write() {
    Family("tutti_info", "gauge", "A rank of a job, and where it runs.");
    Sample("tutti_info",
           absl::StrCat("job=", LabelValue(identity_.job), ",size=\"", identity_.size,
                        "\",host=", LabelValue(identity_.host), ",pid=\"", identity_.pid, "\""),
           "1");
    WriteDurations();
    Family("tutti_operation_time_seconds_total", "counter", "What the time of operations was spent on.");
    ForKinds([this](const std::string& labels, const KindTotals& kind) {
      const std::pair<const char*, uint64_t> parts[] = {{"queued", kind.queued_ns},
                                                        {"waited", kind.waited_ns},
                                                        {"moved", kind.moved_ns},
                                                        {"reduced", kind.reduced_ns},
                                                        {"coded", kind.coded_ns}};
      for (const auto& [part, ns] : parts) {
        Sample("tutti_operation_time_seconds_total", absl::StrCat(labels, ",part=\"", part, "\""),
               Seconds(static_cast<double>(ns)));
      }
    });
    WriteRanks("tutti_rank_last_total", "Operations in which a rank came last.",
               [](const RankTotals& rank) { return absl::StrCat(rank.blame.times_last); });
    WriteRanks("tutti_rank_late_seconds_total", "By how much a rank came after this one when it came last.",
               [](const RankTotals& rank) { return Seconds(static_cast<double>(rank.blame.late_ns)); });
    WriteRanks("tutti_path_messages_total", "Messages from a rank, but for those through windows of shared memory.",
               [](const RankTotals& rank) { return absl::StrCat(rank.path.messages); });
    WriteRanks("tutti_path_bytes_total", "Bytes in these messages.",
               [](const RankTotals& rank) { return absl::StrCat(rank.path.bytes); });
    WriteRanks("tutti_path_seconds_total", "How long these messages were on their way once both ends were ready.",
               [](const RankTotals& rank) { return Seconds(static_cast<double>(rank.path.ns)); });
    WriteSteps();
    return std::move(out_);
  }

 private:
  void Family(absl::string_view name, absl::string_view type, absl::string_view help) {
    absl::StrAppend(&out_, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
  }
  void Sample(absl::string_view name, absl::string_view labels, absl::string_view value) {
    absl::StrAppend(&out_, name, "{rank=\"", identity_.rank, "\",", labels, "} ", value, "\n");
  }

  void ForKinds(absl::FunctionRef<void(const std::string&, const KindTotals&)> visit) const {
    for (const CommTotals& comm : comms_) {
      for (const KindTotals& kind : comm.kinds) {
        visit(absl::StrCat("comm=\"", comm.comm, "\",call=\"", kind.collective, "\",algorithm=\"", kind.algorithm,
                           "\",min_bytes=\"", kind.min_bytes, "\""),
              kind);
      }
    }
  }

  void WriteDurations() {
    static constexpr const char* kName = "tutti_operation_duration_seconds";
    Family(kName, "histogram",
           "Time of operations from the call to their end, for calls of min_bytes up to twice that.");
    ForKinds([this](const std::string& labels, const KindTotals& kind) { WriteHistogram(kName, labels, kind.times); });
  }

  void WriteSteps() {
    constexpr const char* kName = "tutti_step_duration_seconds";
    Family(kName, "histogram",
           "Time of steps of operations: a receive's message on its way once both ends were ready; a send until its "
           "buffer was free; others while they ran. peer -1: no one rank.");
    for (const CommTotals& comm : comms_) {
      for (const StepTotals& step : comm.steps) {
        WriteHistogram(kName,
                       absl::StrCat("comm=\"", comm.comm, "\",step=\"", step.sort, "\",peer=\"", step.peer,
                                    "\",rail=\"", step.rail, "\""),
                       step.times);
      }
    }
  }

  void WriteHistogram(const char* name, const std::string& labels, const HistogramSnapshot& times) {
    size_t bucket = 0;
    uint64_t count = 0;
    for (int bits = kFirstBoundBits; bits <= kLastBoundBits; bits += kBoundStepBits) {
      const uint64_t bound_ns = uint64_t{1} << bits;
      for (const size_t end = Histogram::BucketOf(bound_ns); bucket < end; ++bucket) count += times.CountIn(bucket);
      Sample(absl::StrCat(name, "_bucket"),
             absl::StrCat(labels, ",le=\"", Seconds(static_cast<double>(bound_ns)), "\""), absl::StrCat(count));
    }
    Sample(absl::StrCat(name, "_bucket"), absl::StrCat(labels, ",le=\"+Inf\""), absl::StrCat(times.count()));
    Sample(absl::StrCat(name, "_sum"), labels, Seconds(times.mean_ns() * static_cast<double>(times.count())));
    Sample(absl::StrCat(name, "_count"), labels, absl::StrCat(times.count()));
  }

  void WriteRanks(const char* name, const char* help, std::string (*value)(const RankTotals&)) {
    Family(name, "counter", help);
    for (const CommTotals& comm : comms_) {
      for (const RankTotals& rank : comm.ranks) {
        Sample(name, absl::StrCat("comm=\"", comm.comm, "\",from=\"", rank.rank, "\""), value(rank));
      }
    }
  }

  const RankIdentity& identity_;
  const std::vector<CommTotals>& comms_;
  std::string out_;
};

}  // namespace

std::string PrometheusText(const RankIdentity& identity, const std::vector<CommTotals>& comms) {
  return Writer(identity, comms).Write();
}

}  // namespace tutti
