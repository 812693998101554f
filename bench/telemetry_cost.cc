// SPDX-License-Identifier: Apache-2.0
// tutti-bench-telemetry: what telemetry costs. All-reduces with telemetry on and off, turn and turn about in one process, so
// that whatever else goes on in the machine meets both alike. Sees the public API only.
//
//   tutti-run -n 2 -- tutti-bench-telemetry [recorder | trace DIR] [SECONDS for each size] [BYTES...]
//                                                                                   default: 2; 8 4096 65536 1048576
//
// A block is some all-reduces in a row with telemetry on, the next one is with it off. "recorder", "trace": telemetry is always
// on, and it is the flight record, or the trace into DIR (TUTTI_TRACE), that is on and off, in two jobs of the same processes.
// Columns, of rank 0: p50 of a
// block's time per all-reduce, on and off; the median of on / off over all pairs of neighbouring blocks, and what the
// quarters of the pairs are below and above.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "tutti/tutti.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double Quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))];
}

// What is compared: in the one communicator or in two.
struct Sides {
  tutti::Comm& on;
  tutti::Comm& off;
};

double BlockNs(const Sides& sides, std::vector<float>& values, int repetitions, bool is_on) {
  tutti::Comm& comm = is_on ? sides.on : sides.off;
  if (&sides.on == &sides.off) tutti::Check(tutti_telemetry_enable(comm.handle(), is_on ? 1 : 0));
  comm.AllReduce(values, TUTTI_MAX);  // all have switched, and are here
  const Clock::time_point begin = Clock::now();
  for (int i = 0; i < repetitions; ++i) comm.AllReduce(values, TUTTI_MAX);
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / repetitions;
}

void Measure(const Sides& sides, size_t bytes, double seconds) {
  tutti::Comm& comm = sides.on;
  std::vector<float> values(std::max<size_t>(bytes / sizeof(float), 1), 1.0f);
  // Long enough for the clock, short enough for many pairs.
  int repetitions = static_cast<int>(std::clamp(2e5 / BlockNs(sides, values, 20, true), 5.0, 400.0));
  std::vector<int> wish = {repetitions};
  comm.Broadcast(wish, 0);
  repetitions = wish[0];
  std::vector<double> on, off, ratios;
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::vector<int> more = {1};
  for (int pair = 0; more[0] != 0; ++pair) {
    const bool on_first = pair % 2 == 0;
    const double first = BlockNs(sides, values, repetitions, on_first);
    const double second = BlockNs(sides, values, repetitions, !on_first);
    on.push_back(on_first ? first : second);
    off.push_back(on_first ? second : first);
    ratios.push_back(on.back() / off.back());
    more[0] = Clock::now() < end ? 1 : 0;
    comm.Broadcast(more, 0);
  }
  if (comm.rank() != 0) return;
  std::printf("%10zu %8zu %12.0f %12.0f %10.3f %10.3f %10.3f\n", bytes, ratios.size(), Quantile(on, 0.5),
              Quantile(off, 0.5), Quantile(ratios, 0.5), Quantile(ratios, 0.25), Quantile(ratios, 0.75));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const bool recorder = argc > 1 && std::string(argv[1]) == "recorder";
  const bool trace = argc > 2 && std::string(argv[1]) == "trace";
  const std::string directory = trace ? argv[2] : "";
  argc -= recorder ? 1 : trace ? 2 : 0;
  argv += recorder ? 1 : trace ? 2 : 0;
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
  std::vector<size_t> sizes;
  for (int i = 2; i < argc; ++i) sizes.push_back(std::strtoull(argv[i], nullptr, 10));
  if (sizes.empty()) sizes = {8, 4096, 65536, 1048576};
  if (seconds <= 0) {
    std::fprintf(stderr, "tutti-bench-telemetry: the seconds for each size must be a number above 0, not \"%s\"\n",
                 argv[1]);
    return 2;
  }
  try {
    tutti::Comm comm;
    std::optional<tutti::Comm> other;
    if (recorder) setenv("TUTTI_RECORDER", "off", 1);
    if (trace) setenv("TUTTI_TRACE", directory.c_str(), 1);
    if (recorder || trace) other.emplace();
    const Sides sides{trace ? *other : comm, recorder ? *other : comm};
    if (comm.rank() == 0) {
      std::printf("all_reduce on %d ranks, ns\n%10s %8s %12s %12s %10s %10s %10s\n", comm.size(), "bytes", "pairs",
                  "p50 on", "p50 off", "on / off", "quarter", "quarter");
    }
    for (size_t bytes : sizes) Measure(sides, bytes, seconds);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tutti-bench-telemetry: %s\n", e.what());
    return 1;
  }
  return 0;
}
