// SPDX-License-Identifier: Apache-2.0
// tutti-bench-limits: what this machine itself can do, as one object of JSON: the floor below any library's figures.
//
//   tutti-bench-limits CORES        for example 0,1; takes some seconds
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <exception>
#include <vector>

#include "bench/peers/limits/cache_line.h"
#include "bench/peers/limits/loopback.h"
#include "bench/peers/limits/memory_rate.h"
#include "bench/peers/limits/stopwatch.h"
#include "bench/peers/loop/pin.h"

namespace tutti::peers {
namespace {

constexpr size_t kInL2Bytes = size_t{128} << 10;    // two arrays fit a second-level cache
constexpr size_t kBeyondBytes = size_t{256} << 20;  // and these no cache

double TimerNs() {
  constexpr int kReadings = 1'000'000;
  const int64_t start_ns = NowNs();
  int64_t last_ns = start_ns;
  for (int i = 0; i < kReadings; ++i) last_ns = NowNs();
  return static_cast<double>(last_ns - start_ns) / kReadings;
}

void Print(const char* name, double value, const char* end = ",") {
  std::printf("  \"%s\": %.4g%s\n", name, value, end);
}

void PrintMemory(const char* prefix, size_t bytes, const std::vector<int>& cores) {
  char name[64];
  std::snprintf(name, sizeof(name), "%s_copy_bytes_per_s", prefix);
  Print(name, MemoryRate(MemoryTask::kCopy, bytes, cores));
  std::snprintf(name, sizeof(name), "%s_add_bytes_per_s", prefix);
  Print(name, MemoryRate(MemoryTask::kAdd, bytes, cores));
}

int Run(const char* text) {
  const std::vector<int> cores = ParseCores(text);
  const std::vector<int> one = {cores[0]};
  const int other = cores.size() > 1 ? cores[1] : cores[0];
  std::printf("{\n");
  Print("cores", static_cast<double>(cores.size()));
  Print("timer_ns", TimerNs());
  PrintMemory("l2_one_core", kInL2Bytes, one);
  PrintMemory("l2_all_cores", kInL2Bytes, cores);
  PrintMemory("memory_one_core", kBeyondBytes, one);
  PrintMemory("memory_all_cores", kBeyondBytes, cores);
  if (other != cores[0]) {  // two spinning ends on one core would wait for the scheduler
    Print("cache_line_one_way_ns", CacheLineOneWayNs(cores[0], other));
    Print("tcp_poll_round_trip_ns", LoopbackRoundTripNs(SocketWait::kPoll, cores[0], other));
  }
  Print("tcp_block_round_trip_ns", LoopbackRoundTripNs(SocketWait::kBlock, cores[0], other));
  Print("tcp_stream_bytes_per_s", LoopbackStreamRate(cores[0], other), "");
  std::printf("}\n");
  return 0;
}

}  // namespace
}  // namespace tutti::peers

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORES, for example %s 0,1\n", argv[0], argv[0]);
    return 2;
  }
  ::alarm(120);
  try {
    return tutti::peers::Run(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}
