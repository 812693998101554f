// SPDX-License-Identifier: Apache-2.0
// The questions "what are you doing?" that the service has passed on and waits to have answered. Pure state: time is
// handed in, nothing is sent from here. Not thread-safe.
#ifndef TUTTI_LIB_BOOTSTRAP_ACTIVITY_BOARD_H_
#define TUTTI_LIB_BOOTSTRAP_ACTIVITY_BOARD_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/bootstrap/control_plane.h"

namespace tutti {

class ActivityBoard {
 public:
  // An asker's request that needs no more waiting: an entry for each rank asked, in the order asked.
  struct Finished {
    int asker = -1;
    uint64_t request = 0;
    std::vector<Activity> activities;
  };

  // Notes that `asker` asked `ranks`, and returns the number that the answers will carry.
  uint64_t Open(int asker, uint64_t request, absl::Span<const int> ranks, int64_t deadline_ns);

  // Each of these returns what it finished. Answers to unknown numbers, from ranks not asked, or repeated, are ignored.
  std::optional<Finished> Answer(uint64_t question, int rank, const Activity& activity);
  std::vector<Finished> RankIsGone(int rank);  // will not answer any more, and needs no answers
  std::vector<Finished> Expire(int64_t now_ns);

  // This rank cannot be asked. Follow with CheckDone.
  void Skip(uint64_t question, int rank);
  std::optional<Finished> CheckDone(uint64_t question);

  int64_t next_deadline_ns() const;  // kForeverNs if there is none
  size_t open_count() const { return open_.size(); }

 private:
  struct Question {
    Finished result;
    int64_t deadline_ns = kForeverNs;
    std::vector<bool> awaited;  // by position in result.activities
  };

  static bool Done(const Question& question);
  void Settle(Question* question, int rank, const Activity* activity);

  uint64_t next_question_ = 1;
  std::map<uint64_t, Question> open_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_ACTIVITY_BOARD_H_
