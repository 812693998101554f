// SPDX-License-Identifier: Apache-2.0
// One legal order of events for a set of schedules, drawn at random from a seed. Independent of the verifier, down to
// how messages are matched: the two check each other. Knows nothing of values; interpreter.h puts them in.
#ifndef TUTTI_COLLECTIVES_CHECK_INTERLEAVING_H_
#define TUTTI_COLLECTIVES_CHECK_INTERLEAVING_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "collectives/schedule/schedule.h"

namespace tutti {

enum class SendMode {
  kEither,       // each message is buffered or not, as the seed decides
  kSynchronous,  // a send waits for its receive to begin
  kBuffered,     // no send waits
};

struct InterleavingOptions {
  uint64_t seed = 1;  // the same seed gives the same events, on every platform
  SendMode sends = SendMode::kEither;

  // This rank takes a step only when no other rank can: it enters the collective as late as the others can stand. -1:
  // none.
  int late_rank = -1;

  // As in VerifyOptions; 0: no limit.
  uint32_t max_outstanding_receives_per_peer = 0;
};

// What happens to a step. Between begin and end it may touch its bytes at any time.
class InterleavingActions {
 public:
  virtual ~InterleavingActions() = default;
  virtual void OnBegin(int rank, uint32_t step) = 0;
  // A send has read all that it sends. After this its receive may end.
  virtual void OnSent(int sender, uint32_t send) = 0;
  // For receives, the sender and the send that it met; else -1 and 0.
  virtual void OnEnd(int rank, uint32_t step, int sender, uint32_t send) = 0;
};

// Runs every step of every rank once. Errors: InvalidArgument if the schedules cannot be run at all (an index, a peer
// or a message that leads nowhere); FailedPrecondition if they come to a halt, naming a step that could not end.
absl::Status RunInterleaved(absl::Span<const Schedule> schedules, const InterleavingOptions& options,
                            InterleavingActions& actions);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_CHECK_INTERLEAVING_H_
