// SPDX-License-Identifier: Apache-2.0
// Proves every algorithm of the registry right for every shape of the sweep, with receives posted one at a time and in
// order: the hardest case, which implies all others. Exit status 1 and a sentence per failed case if something is
// wrong.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"

#include "collectives/check/verifier.h"
#include "sweep.h"

namespace tutti {
namespace {

constexpr int kMaxFailuresShownPerItem = 3;  // the others are nearly always the same defect

struct Totals {
  uint64_t cases = 0;
  uint64_t steps = 0;
  uint64_t failures = 0;
  double slowest_seconds = 0;
  std::string slowest;
};

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void VerifyItem(const SweepItem& item, SweepLevel level, bool verbose, Totals* totals) {
  int failures = 0;
  for (const Shape& shape : SweepShapes(item, level)) {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<Schedule> schedules = BuildAll(*item.algorithm, shape);
    const double build_seconds = SecondsSince(start);
    const VerifyOptions options{.max_outstanding_receives_per_peer = 1,
                                .in_rank_order = item.algorithm->keeps_rank_order};
    const absl::Status status = VerifySchedules(shape, schedules, options);
    const double seconds = SecondsSince(start);
    uint64_t steps = 0;
    for (const Schedule& schedule : schedules) steps += schedule.steps.size();
    ++totals->cases;
    totals->steps += steps;
    if (verbose) {
      std::printf("%s: %llu steps, built in %.3f s, verified in %.3f s\n", DescribeCase(*item.algorithm, shape).c_str(),
                  static_cast<unsigned long long>(steps), build_seconds, seconds - build_seconds);
      std::fflush(stdout);
    }
    if (seconds > totals->slowest_seconds) {
      totals->slowest_seconds = seconds;
      totals->slowest = DescribeCase(*item.algorithm, shape);
    }
    if (status.ok()) continue;
    ++totals->failures;
    if (++failures > kMaxFailuresShownPerItem) continue;
    std::printf("FAILED %s\n  %s\n", DescribeCase(*item.algorithm, shape).c_str(),
                std::string(status.message()).c_str());
    if (VerifySchedules(shape, schedules).ok()) std::printf("  (it passes if receives are not limited)\n");
    std::fflush(stdout);
  }
  if (failures > kMaxFailuresShownPerItem) {
    std::printf("  and %d more of %s with %d ranks\n", failures - kMaxFailuresShownPerItem, item.algorithm->name,
                item.num_ranks);
  }
}

int Main(int argc, char** argv) {
  CLI::App app("Proves every algorithm right for every shape of the sweep.");
  uint32_t shard = 0;
  uint32_t shards = 1;
  bool reduced = false;
  bool verbose = false;
  int only_ranks = 0;
  std::string only_algorithm;
  app.add_option("--shard", shard, "which part of the work to do, from 0");
  app.add_option("--shards", shards, "into how many parts the work is divided")->check(CLI::PositiveNumber);
  app.add_flag("--reduced", reduced, "fewer rank counts, none above 33: for builds with sanitizers");
  app.add_flag("--verbose", verbose, "a line for each case");
  app.add_option("--ranks", only_ranks, "only this number of ranks");
  app.add_option("--algorithm", only_algorithm, "only this one, e.g. all_reduce:ring");
  CLI11_PARSE(app, argc, argv);

  const SweepLevel level = reduced ? SweepLevel::kReduced : SweepLevel::kFull;
  const auto start = std::chrono::steady_clock::now();
  Totals totals;
  uint32_t index = 0;
  for (const SweepItem& item : SweepItems(level)) {
    if (index++ % shards != shard) continue;
    if (only_ranks != 0 && item.num_ranks != only_ranks) continue;
    const std::string name = std::string(CollectiveName(item.algorithm->collective)) + ":" + item.algorithm->name;
    if (!only_algorithm.empty() && name != only_algorithm) continue;
    VerifyItem(item, level, verbose, &totals);
  }
  std::printf("shard %u of %u: %llu cases, %llu steps, %llu failures, %.1f s; slowest %.2f s: %s\n", shard, shards,
              static_cast<unsigned long long>(totals.cases), static_cast<unsigned long long>(totals.steps),
              static_cast<unsigned long long>(totals.failures), SecondsSince(start), totals.slowest_seconds,
              totals.slowest.c_str());
  if (totals.cases == 0) {
    std::printf("no case matches\n");
    return 1;
  }
  return totals.failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tutti

int main(int argc, char** argv) { return tutti::Main(argc, argv); }
