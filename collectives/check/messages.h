// SPDX-License-Identifier: Apache-2.0
// Finds for each send the receive that it meets, and proves that there is exactly one, of the same length.
#ifndef TUTTI_COLLECTIVES_CHECK_MESSAGES_H_
#define TUTTI_COLLECTIVES_CHECK_MESSAGES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "collectives/check/program.h"

namespace tutti::check {

struct MessageEnd {
  int peer = -1;
  uint32_t step = 0;
};

struct Messages {
  static constexpr uint32_t kNone = ~uint32_t{0};

  std::vector<uint32_t> partner;                  // by step number: the step at the other end; kNone for local steps
  std::vector<std::vector<MessageEnd>> receives;  // by rank: its receives, ordered by peer, then by message number
};

// Errors: numbers that are not 0, 1, 2, ... in list order for a peer; a send without a receive or the other way round;
// ends of different length.
absl::StatusOr<Messages> MatchMessages(const Program& program);

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_MESSAGES_H_
