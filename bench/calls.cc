// SPDX-License-Identifier: Apache-2.0
// tutti-bench-calls: what the ways of calling cost and save, on this job. Start it with tutti-run.
//
//   tutti-run -n 2 -- tutti-bench-calls [ROUNDS]      default: 200
//
// Lines, each with p50 and p99 in us of rank 0:
//   64 all_reduces of 64 B one by one; begun together and then waited for; in a group
//   an all_reduce of 8 B and of 1 MiB as a blocking call, as a persistent run; with a request, as a persistent start and wait
//   an all_reduce of 8 B alone, and while one of 64 MiB is under way, usual and urgent
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tutti/tutti.hpp"

namespace {

constexpr size_t kCalls = 64;
constexpr size_t kCallElements = 16;

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class Bench {
 public:
  Bench(tutti::Comm& comm, int rounds) : comm_(comm), rounds_(rounds) {}

  // Of `rounds` runs of `body` after `rounds` / 10 that do not count; ranks begin together.
  template <typename Body>
  void Time(const char* what, int rounds, const Body& body) {
    std::vector<int64_t> times;
    for (int i = -rounds / 10; i < rounds; ++i) {
      comm_.Barrier();
      const int64_t begin_ns = NowNs();
      body();
      if (i >= 0) times.push_back(NowNs() - begin_ns);
    }
    Print(what, std::move(times));
  }
  template <typename Body>
  void Time(const char* what, const Body& body) {
    Time(what, rounds_, body);
  }

  void Print(const char* what, std::vector<int64_t> times) {
    std::sort(times.begin(), times.end());
    const auto at = [&](double q) {
      return static_cast<double>(times[static_cast<size_t>(q * static_cast<double>(times.size() - 1))]) / 1e3;
    };
    if (comm_.rank() == 0) std::printf("%-44s %10.2f %10.2f\n", what, at(0.5), at(0.99));
  }

  void Groups() {
    std::vector<std::vector<float>> values(kCalls, std::vector<float>(kCallElements, 1.0f));
    Time("64 x 64 B, one by one", [&] {
      for (auto& v : values) comm_.AllReduce(v, TUTTI_MAX);
    });
    std::vector<tutti::Request> requests(kCalls);
    Time("64 x 64 B, with requests", [&] {
      for (size_t i = 0; i < kCalls; ++i) requests[i] = comm_.AllReduceAsync(values[i], TUTTI_MAX);
      for (auto& request : requests) request.Wait();
    });
    Time("64 x 64 B, in a group", [&] {
      tutti::Group group;
      for (auto& v : values) comm_.AllReduce(v, TUTTI_MAX);
      group.End();
    });
  }

  void Persistent(const char* size, size_t count, int rounds) {
    std::vector<float> values(count, 1.0f);
    tutti::Persistent bound([&](tutti_persistent_t* p) {
      return tutti_all_reduce_init(comm_.handle(), values.data(), values.data(), count, TUTTI_FLOAT32, TUTTI_MAX,
                                   nullptr, p);
    });
    const std::string name(size);
    Time((name + ", blocking call").c_str(), rounds, [&] { comm_.AllReduce(values, TUTTI_MAX); });
    Time((name + ", persistent run").c_str(), rounds, [&] { bound.Run(); });
    Time((name + ", call with a request").c_str(), rounds, [&] { comm_.AllReduceAsync(values, TUTTI_MAX).Wait(); });
    Time((name + ", persistent start and wait").c_str(), rounds, [&] {
      bound.Start();
      bound.Wait();
    });
  }

  void Priorities() {
    std::vector<float> large(16 << 20, 1.0f), small(2, 1.0f);
    Time("8 B, alone", [&] { comm_.AllReduce(small, TUTTI_MAX); });
    const int rounds = std::max(rounds_ / 10, 10);
    for (const bool urgent : {false, true}) {
      std::vector<int64_t> times;
      for (int i = -2; i < rounds; ++i) {
        comm_.Barrier();
        tutti::Request under_way = comm_.AllReduceAsync(large, TUTTI_MAX);
        // Into the middle of it.
        for (const int64_t until_ns = NowNs() + 3'000'000; NowNs() < until_ns;) (void)under_way.Test();
        tutti::Options options;
        options.urgent = urgent;
        const int64_t begin_ns = NowNs();
        comm_.AllReduce(small, TUTTI_MAX, options);
        const int64_t end_ns = NowNs();
        under_way.Wait();
        if (i >= 0) times.push_back(end_ns - begin_ns);
      }
      Print(urgent ? "8 B during 64 MiB, urgent" : "8 B during 64 MiB, usual", std::move(times));
    }
  }

 private:
  tutti::Comm& comm_;
  const int rounds_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    tutti::Comm comm;
    const int rounds = argc > 1 ? std::max(std::atoi(argv[1]), 10) : 200;
    if (comm.rank() == 0) std::printf("%-44s %10s %10s\n", "us", "p50", "p99");
    Bench bench(comm, rounds);
    bench.Groups();
    bench.Persistent("8 B", 2, 10 * rounds);
    bench.Persistent("1 MiB", 256 << 10, rounds);
    bench.Priorities();
  } catch (const tutti::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
