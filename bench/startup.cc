// SPDX-License-Identifier: Apache-2.0
// tutti-bench-startup: how long a job takes to start, by its number of ranks. Forks that many processes on this host,
// releases them at once, and lets each find rank 0, prove itself, join and leave. Everything is real (sockets,
// processes, authentication) but the network, which is loopback, and the cores, which the ranks share.
//
//   tutti-bench-startup [--repeat N] [RANKS...]     default: 2 16 64 256, five times each
//
// Columns: from the release until the last rank has joined (median, and the slowest repetition); the same for an
// average rank; the processor time of all ranks together; from the last join until the last rank has left.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/bootstrap/parse_value.h"
#include "lib/bootstrap/tcp_control_plane.h"

namespace tutti {
namespace {

constexpr int kMaxRanks = 4096;

// Written by each rank in memory that all processes share.
struct RankTimes {
  int64_t joined_ns;
  int64_t left_ns;
};

struct Sample {
  double start_ms = 0;    // until the last rank has joined
  double average_ms = 0;  // until an average rank has joined
  double cpu_ms = 0;
  double leave_ms = 0;
};

// The life of one rank; the exit status of its process.
int RunRank(int rank, int size, const std::string& file, int release_fd, RankTimes* times) {
  JobSettings settings;
  settings.rank = rank;
  settings.size = size;
  settings.local_rank = rank;
  settings.local_size = size;
  settings.rendezvous_kind = RendezvousKind::kFile;
  settings.rendezvous = "file://" + file;
  settings.timeout_ns = 120 * kNsPerSecond;
  char byte = 0;
  if (read(release_fd, &byte, 1) != 0) return 1;  // ends when the parent closes its end
  auto plane = TcpControlPlane::Connect(settings, nullptr);
  absl::Status status = plane.status();
  if (status.ok()) status = (*plane)->Join((*plane)->self());
  if (!status.ok()) {
    std::fprintf(stderr, "rank %d: %s\n", rank, status.ToString().c_str());
    return 1;
  }
  times->joined_ns = MonotonicClock().NowNs();
  (*plane)->Leave();
  times->left_ns = MonotonicClock().NowNs();
  return 0;
}

double CpuMsOfChildren() {
  rusage usage = {};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

// False if a rank failed.
bool Measure(int size, const std::string& file, RankTimes* times, Sample* sample) {
  int release[2];
  if (pipe(release) != 0) return false;
  const double cpu_before_ms = CpuMsOfChildren();
  std::vector<pid_t> children;
  bool ok = true;
  for (int rank = 0; ok && rank < size; ++rank) {
    const pid_t child = fork();
    if (child == 0) {
      close(release[1]);
      _exit(RunRank(rank, size, file, release[0], &times[rank]));
    }
    ok = child > 0;
    if (ok) children.push_back(child);
  }
  close(release[0]);
  const int64_t start_ns = MonotonicClock().NowNs();
  close(release[1]);
  for (pid_t child : children) {
    int status = 1;
    ok = waitpid(child, &status, 0) == child && status == 0 && ok;
  }
  if (!ok) return false;
  int64_t joined_ns = 0;
  int64_t left_ns = 0;
  for (int rank = 0; rank < size; ++rank) {
    joined_ns = std::max(joined_ns, times[rank].joined_ns);
    left_ns = std::max(left_ns, times[rank].left_ns);
    sample->average_ms += static_cast<double>(times[rank].joined_ns - start_ns) / 1e6 / size;
  }
  sample->start_ms = static_cast<double>(joined_ns - start_ns) / 1e6;
  sample->leave_ms = static_cast<double>(left_ns - joined_ns) / 1e6;
  sample->cpu_ms = CpuMsOfChildren() - cpu_before_ms;
  return true;
}

double Median(std::vector<Sample> samples, double Sample::*field) {
  std::sort(samples.begin(), samples.end(), [&](const Sample& a, const Sample& b) { return a.*field < b.*field; });
  return samples[samples.size() / 2].*field;
}

int Run(int repeats, const std::vector<int>& sizes) {
  char folder[] = "/tmp/tutti-startup-XXXXXX";
  if (mkdtemp(folder) == nullptr) {
    std::perror("mkdtemp");
    return 1;
  }
  void* const shared =
      mmap(nullptr, sizeof(RankTimes) * kMaxRanks, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    std::perror("mmap");
    return 1;
  }
  std::printf("%6s %12s %12s %12s %12s %12s\n", "ranks", "start (ms)", "slowest", "avg rank", "cpu (ms)", "leave (ms)");
  int result = 0;
  for (int size : sizes) {
    std::vector<Sample> samples(static_cast<size_t>(repeats));
    for (Sample& sample : samples) {
      if (!Measure(size, std::string(folder) + "/rendezvous", static_cast<RankTimes*>(shared), &sample)) result = 1;
    }
    if (result != 0) {
      std::fprintf(stderr, "a rank of %d failed\n", size);
      break;
    }
    double slowest_ms = 0;
    for (const Sample& sample : samples) slowest_ms = std::max(slowest_ms, sample.start_ms);
    std::printf("%6d %12.1f %12.1f %12.1f %12.1f %12.1f\n", size, Median(samples, &Sample::start_ms), slowest_ms,
                Median(samples, &Sample::average_ms), Median(samples, &Sample::cpu_ms),
                Median(samples, &Sample::leave_ms));
    std::fflush(stdout);
  }
  rmdir(folder);
  return result;
}

}  // namespace
}  // namespace tutti

int main(int argc, char** argv) {
  int repeats = 5;
  std::vector<int> sizes;
  for (int i = 1; i < argc; ++i) {
    const bool is_repeat = std::strcmp(argv[i], "--repeat") == 0 && i + 1 < argc;
    const auto number = tutti::ParseNumber(argv[is_repeat ? i + 1 : i], 1, tutti::kMaxRanks);
    if (!number) {
      std::fprintf(stderr, "usage: %s [--repeat N] [RANKS...], with 1 to %d ranks\n", argv[0], tutti::kMaxRanks);
      return 2;
    }
    if (is_repeat) {
      repeats = *number;
      ++i;
    } else {
      sizes.push_back(*number);
    }
  }
  if (sizes.empty()) sizes = {2, 16, 64, 256};
  return tutti::Run(repeats, sizes);
}
