// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/jitter.h"

#include <cstdio>

#include "bench/harness/table.h"

namespace tutti::bench {
namespace {

double Share(int64_t part_ns, int64_t all_ns) {
  return all_ns > 0 ? 100 * static_cast<double>(part_ns) / static_cast<double>(all_ns) : 0;
}

}  // namespace

JitterFacts AskTelemetry(const Comm& comm) {
  JitterFacts facts;
  comm.VisitHistograms([&facts](const tutti_histogram_t& histogram) {
    facts.queued_ns += histogram.queued_ns;
    facts.waited_ns += histogram.waited_ns;
    facts.moved_ns += histogram.moved_ns;
    facts.reduced_ns += histogram.reduced_ns + histogram.coded_ns;  // arithmetic, both
  });
  for (int rank = 0; rank < comm.size(); ++rank) {
    const tutti_blame_t blame = comm.Blame(rank);
    facts.clocked += blame.times_last;
    if (blame.late_ns <= facts.late_ns) continue;
    facts.late_rank = rank;
    facts.late_times = blame.times_last;
    facts.late_ns = blame.late_ns;
  }
  return facts;
}

std::string JitterHeader() {
  char text[200];
  std::snprintf(text, sizeof text, "#%9s%11s%8s%8s%8s%8s%8s%8s %7s%7s%7s%7s  %s\n", "size", "count", "p50", "p99",
                "p99.9", "p99.99", "max", "cv", "wait", "move", "reduce", "queue", "most late");
  std::string lines = text;
  std::snprintf(text, sizeof text, "#%9s%11s%8s%8s%8s%8s%8s%8s %7s%7s%7s%7s  %s\n", "(B)", "(elements)", "(us)", "(us)",
                "(us)", "(us)", "(us)", "", "(%)", "(%)", "(%)", "(%)", "(rank, how often last, by)");
  return lines + text;
}

std::string JitterLine(const Row& row) {
  if (!row.out_of_place || row.out_of_place->samples.empty()) return "";
  const Samples& samples = row.out_of_place->samples;
  const JitterFacts& f = row.out_of_place->jitter;
  const auto at = [&samples](double percent) {
    return FormatMicroseconds(static_cast<double>(samples.PercentileNs(percent)));
  };
  const int64_t all_ns = f.queued_ns + f.waited_ns + f.moved_ns + f.reduced_ns;
  char text[300];
  std::snprintf(text, sizeof text, "%10llu%11zu%8s%8s%8s%8s%8s%8.3f %7.1f%7.1f%7.1f%7.1f  ",
                static_cast<unsigned long long>(row.bytes), row.call.count, at(50).c_str(), at(99).c_str(),
                at(99.9).c_str(), at(99.99).c_str(), at(100).c_str(),
                samples.MeanNs() > 0 ? samples.DeviationNs() / samples.MeanNs() : 0.0, Share(f.waited_ns, all_ns),
                Share(f.moved_ns, all_ns), Share(f.reduced_ns, all_ns), Share(f.queued_ns, all_ns));
  std::string line = text;
  if (f.late_rank < 0) return line + "-\n";
  const double average_ns = static_cast<double>(f.late_ns) / static_cast<double>(f.late_times);
  std::snprintf(text, sizeof text, "%d, %.0f %%, %s us on average\n", f.late_rank,
                Share(static_cast<int64_t>(f.late_times), static_cast<int64_t>(f.clocked)),
                FormatMicroseconds(average_ns).c_str());
  return line + text;
}

}  // namespace tutti::bench
