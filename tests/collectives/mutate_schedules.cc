// SPDX-License-Identifier: Apache-2.0
// Does the verifier catch broken schedules? Breaks valid ones at random and asks both the verifier and an independent
// judge (symbol_model.h: many random interleavings on 64-bit symbols).
//   - Whatever the judge sees fail, the verifier must reject. One that gets through is a failure of this test.
//   - Whatever the verifier accepts, the judge must find right in many more interleavings: that a mutant is harmless is
//     shown, not assumed.
//   - Rules about values and deadlock are exact: what they reject, the judge must see fail, so the verifier does not
//   cry wolf.
//     (Races, flags and numbering are promises of the schedule that a run need not show to be broken.)
// Each mutant has a seed; `--first-seed S --mutants 1 --verbose` shows one again.
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"

#include "absl/strings/str_cat.h"

#include "collectives/check/rule.h"
#include "collectives/check/verifier.h"
#include "mutation.h"
#include "sweep.h"
#include "symbol_model.h"
#include "uneven_blocks.h"

namespace tutti {
namespace {

constexpr int kInterleavings = 24;
constexpr int kInterleavingsForAccepted = 150;
constexpr int kMaxAttempts = 50;      // draws until a mutation finds something to change
constexpr uint64_t kMinForMix = 100;  // fewer mutants are someone looking at a seed

struct Mutant {
  const Algorithm* algorithm = nullptr;
  Shape shape;
  std::string mutation;
  std::vector<Schedule> schedules;
};

const Algorithm& DrawAlgorithm(Prng& prng) {
  std::vector<const Algorithm*> all;
  for (int collective = 0; collective < kNumCollectives; ++collective) {
    for (const Algorithm& algorithm : Algorithms(static_cast<Collective>(collective))) all.push_back(&algorithm);
  }
  return *all[prng.Below(all.size())];
}

Shape DrawShape(Prng& prng, const Algorithm& algorithm) {
  const Collective collective = algorithm.collective;
  Shape shape;
  shape.collective = collective;
  shape.num_ranks = static_cast<int>(prng.Between(2, 7));
  const auto n = static_cast<uint64_t>(shape.num_ranks);
  const bool rooted = HasRoot(collective);
  shape.root = rooted ? static_cast<int>(prng.Below(n)) : 0;
  const uint64_t counts[] = {1, n - 1, n, n + 1, 3 * n + 2};
  shape.count = collective == Collective::kBarrier ? 0 : counts[prng.Below(std::size(counts))];
  shape.in_place = collective != Collective::kBarrier && prng.Chance(0.5);
  shape.segment_bytes = prng.Chance(0.5) ? 8 : 0;
  if (UsesGroups(algorithm)) SetGroups(shape, static_cast<int>(prng.Between(1, 4)));
  if (UsesGroups(algorithm) && prng.Chance(0.3)) SetLevels(shape, SweepLevels::kProcessorsInHosts);
  if (algorithm.takes_uneven_blocks && prng.Chance(0.3)) {
    shape.in_place = shape.in_place && CanBeUnevenInPlace(collective);
    SetUnevenBlocks(shape, 7);
  }
  return shape;
}

std::optional<Mutant> DrawMutant(uint64_t seed) {
  Prng prng(seed);
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    Mutant mutant;
    mutant.algorithm = &DrawAlgorithm(prng);
    mutant.shape = DrawShape(prng, *mutant.algorithm);
    mutant.schedules = BuildAll(*mutant.algorithm, mutant.shape);
    if (!VerifySchedules(mutant.shape, mutant.schedules).ok()) continue;  // for the sweep to report
    mutant.mutation = Mutate(prng, mutant.schedules);
    if (!mutant.mutation.empty()) return mutant;
  }
  return std::nullopt;
}

std::string RuleOf(const absl::Status& status) {
  const std::string message(status.message());
  return message.substr(0, message.find(':'));
}

bool IsExact(const std::string& rule) {
  using check::Rule;
  for (Rule exact : {Rule::kDeadlock, Rule::kResult, Rule::kEqualBits, Rule::kBarrier, Rule::kInputModified}) {
    if (rule == check::RuleName(exact)) return true;
  }
  return false;
}

struct Count {
  uint64_t mutants = 0;
  uint64_t harmful = 0;  // by the judge
  uint64_t killed = 0;   // by the verifier
  uint64_t harmful_killed = 0;
};

class MutationTest {
 public:
  void Run(uint64_t seed, bool verbose) {
    const std::optional<Mutant> mutant = DrawMutant(seed);
    if (!mutant.has_value()) return;
    const uint32_t window = seed % 3 == 0 ? 1 : 0;
    const absl::Status verdict =
        VerifySchedules(mutant->shape, mutant->schedules, {.max_outstanding_receives_per_peer = window});
    const absl::Status judgement = Judge(mutant->shape, mutant->schedules,
                                         {.first_seed = seed,
                                          .interleavings = verdict.ok() ? kInterleavingsForAccepted : kInterleavings,
                                          .max_outstanding_receives_per_peer = window});
    Add(&by_mutation_[mutant->mutation], verdict.ok(), judgement.ok());
    Add(&total_, verdict.ok(), judgement.ok());
    const std::string rule = verdict.ok() ? "(accepted)" : RuleOf(verdict);
    Add(&by_rule_[rule], verdict.ok(), judgement.ok());
    const bool missed = verdict.ok() && !judgement.ok();
    const bool false_alarm = !verdict.ok() && judgement.ok() && IsExact(rule);
    failures_ += missed || false_alarm ? 1 : 0;
    if (!verbose && !missed && !false_alarm) return;
    std::printf("%sseed %llu: %s\n  %s\n  verifier: %s\n  judge: %s\n",
                missed        ? "MISSED "
                : false_alarm ? "FALSE ALARM "
                              : "",
                static_cast<unsigned long long>(seed), DescribeCase(*mutant->algorithm, mutant->shape).c_str(),
                mutant->mutation.c_str(), verdict.ToString().c_str(), judgement.ToString().c_str());
  }

  // Whether the test passed.
  bool Report() const {
    std::printf("%-28s %8s %8s %8s %8s\n", "mutation", "mutants", "killed", "harmful", "missed");
    for (const auto& [name, count] : by_mutation_) Print(name, count);
    std::printf("%-28s %8s %8s %8s %8s\n", "rule", "mutants", "killed", "harmful", "missed");
    for (const auto& [name, count] : by_rule_) Print(name, count);
    Print("all", total_);
    if (total_.mutants >= kMinForMix && total_.harmful * 2 < total_.mutants) {
      std::printf("fewer than half of the mutants are harmful: this run shows little\n");
      return false;
    }
    std::printf(
        "kill count: %llu of %llu harmful mutants; %llu more rejected that broke a promise without effect; "
        "%llu accepted and shown harmless; %llu failures\n",
        static_cast<unsigned long long>(total_.harmful_killed), static_cast<unsigned long long>(total_.harmful),
        static_cast<unsigned long long>(total_.killed - total_.harmful_killed),
        static_cast<unsigned long long>(total_.mutants - total_.killed - (total_.harmful - total_.harmful_killed)),
        static_cast<unsigned long long>(failures_));
    return failures_ == 0;
  }

 private:
  static void Add(Count* count, bool accepted, bool harmless) {
    ++count->mutants;
    count->killed += accepted ? 0 : 1;
    count->harmful += harmless ? 0 : 1;
    count->harmful_killed += !accepted && !harmless ? 1 : 0;
  }
  static void Print(const std::string& name, const Count& count) {
    std::printf("%-28s %8llu %8llu %8llu %8llu\n", name.c_str(), static_cast<unsigned long long>(count.mutants),
                static_cast<unsigned long long>(count.killed), static_cast<unsigned long long>(count.harmful),
                static_cast<unsigned long long>(count.harmful - count.harmful_killed));
  }

  std::map<std::string, Count> by_mutation_;
  std::map<std::string, Count> by_rule_;
  Count total_;
  uint64_t failures_ = 0;
};

int Main(int argc, char** argv) {
  CLI::App app("Shows that the verifier catches broken schedules.");
  uint64_t first_seed = 1;
  uint64_t mutants = 1000;
  bool verbose = false;
  app.add_option("--first-seed", first_seed, "seed of the first mutant; the next ones count up");
  app.add_option("--mutants", mutants, "how many");
  app.add_flag("--verbose", verbose, "show every mutant and what was said about it");
  CLI11_PARSE(app, argc, argv);
  MutationTest test;
  for (uint64_t seed = first_seed; seed < first_seed + mutants; ++seed) test.Run(seed, verbose);
  return test.Report() ? 0 : 1;
}

}  // namespace
}  // namespace tutti

int main(int argc, char** argv) { return tutti::Main(argc, argv); }
