// SPDX-License-Identifier: Apache-2.0
//
// Walks the list once and keeps for each stretch of memory its last writer and the readers since. It is enough to
// compare an access with these: by induction every earlier conflicting access is ordered before one of them.
#include "collectives/check/races.h"

#include <cstdint>
#include <vector>

#include "collectives/check/interval_map.h"
#include "collectives/check/rule.h"

namespace tutti::check {
namespace {

constexpr uint32_t kNobody = ~uint32_t{0};

struct Accesses {
  uint32_t last_writer = kNobody;
  uint32_t last_reader = kNobody;  // since then: the newest link of a chain of readers
};

// Chains only grow at their head, so stretches that were one share what they have in common.
struct Reader {
  uint32_t step;
  uint32_t previous;  // link, or kNobody
};

// Answers whether earlier steps are ancestors of a step. Searches backwards and no further than needed: nearly always
// the answer is a direct dependency.
class Ancestors {
 public:
  explicit Ancestors(const Schedule& schedule) : schedule_(schedule), seen_(schedule.steps.size(), kNobody) {}

  // Starts to ask about `step`.
  void SetStep(uint32_t step) {
    step_ = step;
    stack_.clear();
    for (uint32_t dependency : schedule_.DependenciesOf(schedule_.steps[step])) Reach(dependency);
  }

  bool Contain(uint32_t earlier) {
    if (seen_[earlier] == step_) return true;
    // A step's ancestors have lower numbers, so what lies below `earlier` cannot lead to it; it waits for later
    // questions.
    below_.clear();
    while (!stack_.empty()) {
      const uint32_t next = stack_.back();
      stack_.pop_back();
      if (next <= earlier) {
        below_.push_back(next);
        continue;
      }
      for (uint32_t dependency : schedule_.DependenciesOf(schedule_.steps[next])) Reach(dependency);
      if (seen_[earlier] == step_) break;
    }
    stack_.insert(stack_.end(), below_.begin(), below_.end());
    return seen_[earlier] == step_;
  }

 private:
  void Reach(uint32_t step) {
    if (seen_[step] == step_) return;
    seen_[step] = step_;
    stack_.push_back(step);
  }

  const Schedule& schedule_;
  uint32_t step_ = kNobody;
  std::vector<uint32_t> seen_;   // by step: the last step asked about that it was found to be an ancestor of
  std::vector<uint32_t> stack_;  // ancestors whose dependencies were not looked at yet
  std::vector<uint32_t> below_;
};

class RaceCheck {
 public:
  RaceCheck(const Program& program, int rank)
      : program_(program),
        rank_(rank),
        schedule_(program.schedule(rank)),
        memory_(program.memory(rank)),
        accesses_(memory_.size(), Accesses{}),
        ancestors_(schedule_) {}

  absl::Status Run() {
    for (uint32_t index = 0; index < schedule_.steps.size(); ++index) {
      const Step& step = schedule_.steps[index];
      ancestors_.SetStep(index);
      for (const Region& source : schedule_.SourcesOf(step)) {
        if (absl::Status s = Read(index, memory_.AddressesOf(source)); !s.ok()) return s;
      }
      if (step.kind == StepKind::kSend) continue;
      if (absl::Status s = Write(index, memory_.AddressesOf(step.dst)); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Read(uint32_t step, const AddressRange& range) {
    absl::Status status;
    accesses_.Visit(range, [&](const AddressRange& part, const Accesses& accesses) {
      status = CheckOrdered(accesses.last_writer, "writes", step, "reads", part);
      return status.ok();
    });
    if (!status.ok()) return status;
    accesses_.Update(range, [this, step](Accesses& accesses) {
      readers_.push_back({step, accesses.last_reader});
      accesses.last_reader = static_cast<uint32_t>(readers_.size() - 1);
    });
    return absl::OkStatus();
  }

  absl::Status Write(uint32_t step, const AddressRange& range) {
    absl::Status status;
    accesses_.Visit(range, [&](const AddressRange& part, const Accesses& accesses) {
      status = CheckOrdered(accesses.last_writer, "writes", step, "writes", part);
      for (uint32_t link = accesses.last_reader; link != kNobody && status.ok(); link = readers_[link].previous) {
        status = CheckOrdered(readers_[link].step, "reads", step, "writes", part);
      }
      return status.ok();
    });
    if (!status.ok()) return status;
    accesses_.Assign(range, Accesses{step, kNobody});
    return absl::OkStatus();
  }

  absl::Status CheckOrdered(uint32_t earlier, const char* earlier_does, uint32_t step, const char* step_does,
                            const AddressRange& part) {
    if (earlier == kNobody || earlier == step || ancestors_.Contain(earlier)) return absl::OkStatus();
    return Violation(Rule::kRace, program_.Describe({rank_, step}), ": it ", step_does, " ", memory_.Describe(part),
                     ", which ", DescribeStep(schedule_, earlier), " ", earlier_does,
                     ", and no dependency orders the two");
  }

  const Program& program_;
  const int rank_;
  const Schedule& schedule_;
  const MemoryLayout& memory_;
  IntervalMap<Accesses> accesses_;
  std::vector<Reader> readers_;
  Ancestors ancestors_;
};

}  // namespace

absl::Status CheckRaces(const Program& program, int rank) { return RaceCheck(program, rank).Run(); }

}  // namespace tutti::check
