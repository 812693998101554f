// SPDX-License-Identifier: Apache-2.0
// tutti-bench-telemetry: what telemetry costs. All-reduces with telemetry on and off, turn and turn about in one process, so
// that whatever else goes on in the machine meets both alike. Sees the public API only.
//
//   tutti-run -n 2 -- tutti-bench-telemetry [SECONDS for each size] [BYTES...]     default: 2; 8 4096 65536 1048576
//
// A block is some all-reduces in a row with telemetry on, the next one is with it off. Columns, of rank 0: p50 of a
// block's time per all-reduce, on and off; the median of on / off over all pairs of neighbouring blocks, and what the
// quarters of the pairs are below and above.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tutti/tutti.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double Quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))];
}

double BlockNs(tutti::Comm& comm, std::vector<float>& values, int repetitions, bool on) {
  tutti::Check(tutti_telemetry_enable(comm.handle(), on ? 1 : 0));
  comm.AllReduce(values, TUTTI_MAX);  // all have switched, and are here
  const Clock::time_point begin = Clock::now();
  for (int i = 0; i < repetitions; ++i) comm.AllReduce(values, TUTTI_MAX);
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / repetitions;
}

void Measure(tutti::Comm& comm, size_t bytes, double seconds) {
  std::vector<float> values(std::max<size_t>(bytes / sizeof(float), 1), 1.0f);
  // Long enough for the clock, short enough for many pairs.
  int repetitions = static_cast<int>(std::clamp(2e5 / BlockNs(comm, values, 20, true), 5.0, 400.0));
  std::vector<int> wish = {repetitions};
  comm.Broadcast(wish, 0);
  repetitions = wish[0];
  std::vector<double> on, off, ratios;
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::vector<int> more = {1};
  for (int pair = 0; more[0] != 0; ++pair) {
    const bool on_first = pair % 2 == 0;
    const double first = BlockNs(comm, values, repetitions, on_first);
    const double second = BlockNs(comm, values, repetitions, !on_first);
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
    if (comm.rank() == 0) {
      std::printf("all_reduce on %d ranks, ns\n%10s %8s %12s %12s %10s %10s %10s\n", comm.size(), "bytes", "pairs",
                  "p50 on", "p50 off", "on / off", "quarter", "quarter");
    }
    for (size_t bytes : sizes) Measure(comm, bytes, seconds);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tutti-bench-telemetry: %s\n", e.what());
    return 1;
  }
  return 0;
}
