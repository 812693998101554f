// SPDX-License-Identifier: Apache-2.0
// A rank's side of its flight record: the last operations, in a file that others read while the rank runs, and after it was
// killed. Writing is a handful of plain stores into mapped memory; nothing here allocates, locks or calls the system after
// Create. It knows numbers, nothing of plans or transports. It reads no clock: times are handed in.
//
// THREADS. OpenChannel, CloseChannel: any thread. What is marked DRIVER: one thread at a time.
#ifndef TUTTI_LIB_RECORDER_FLIGHT_RECORDER_H_
#define TUTTI_LIB_RECORDER_FLIGHT_RECORDER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"

#include "lib/recorder/flight_layout.h"

namespace tutti {

class FlightRecorder {
 public:
  struct Identity {
    int rank = 0;
    int size = 1;
    std::string run;  // the same on all ranks of this run of the job, and on no others
    std::string job_id;
    std::string host;
  };

  // Makes the file in that folder, which exists; see flight_folder.h. All of its memory is had at once. Unavailable, with a
  // sentence: there is no room, or the folder cannot be written to.
  static absl::StatusOr<std::unique_ptr<FlightRecorder>> Create(const std::string& folder, const Identity& identity,
                                                                int64_t now_ns);
  ~FlightRecorder();  // removes the file: the rank leaves in good order
  FlightRecorder(const FlightRecorder&) = delete;
  FlightRecorder& operator=(const FlightRecorder&) = delete;

  const std::string& path() const { return path_; }

  // A communicator's place, or nullptr when all are taken: then its operations are recorded, but not its counters.
  FlightChannel* OpenChannel(uint32_t channel, int rank, int size);
  void CloseChannel(FlightChannel* channel);  // nullptr: nothing happens

  struct Call {
    uint64_t signature = 0;
    uint64_t sequence = 0;
    uint32_t channel = 0;
    uint32_t message = 0;
    uint64_t bytes = 0;
    int64_t started_ns = 0;
    uint64_t steps = 0;
  };

  // DRIVER. The slot is the operation's until End. nullptr if all that were looked at are in use.
  FlightOperation* Begin(const Call& call) {
    FlightOperation* slot = NextFree();
    if (slot == nullptr) return nullptr;
    slot->ordinal.store(0, std::memory_order_relaxed);
    // Release, so that whoever sees one of them sees the 0, too.
    slot->signature.store(call.signature, std::memory_order_release);
    slot->sequence.store(call.sequence, std::memory_order_release);
    slot->channel.store(call.channel, std::memory_order_release);
    slot->message.store(call.message, std::memory_order_release);
    slot->bytes.store(call.bytes, std::memory_order_release);
    slot->started_ns.store(call.started_ns, std::memory_order_release);
    slot->ended_ns.store(0, std::memory_order_release);
    slot->progress.store(FlightProgress::Pack(kFlightRunning, 0, call.steps), std::memory_order_release);
    slot->ordinal.store(++ordinal_, std::memory_order_release);
    return slot;
  }
  // DRIVER. `slot` is one that Begin gave.
  static void End(FlightOperation& slot, int32_t outcome, uint64_t done, uint64_t steps, int64_t ended_ns) {
    slot.ended_ns.store(ended_ns, std::memory_order_relaxed);
    slot.progress.store(FlightProgress::Pack(outcome, done, steps), std::memory_order_release);
  }
  static void Advance(FlightOperation& slot, uint64_t done, uint64_t steps) {
    slot.progress.store(FlightProgress::Pack(kFlightRunning, done, steps), std::memory_order_relaxed);
  }
  // An operation that takes longer has a wait; the short ones are spared that. Returns it, empty.
  FlightWait& OpenWait(const FlightOperation& slot) {
    FlightWait& wait = WaitOf(slot);
    wait.ordinal.store(0, std::memory_order_relaxed);
    wait.posted.store(0, std::memory_order_release);
    wait.waits.store(0, std::memory_order_release);
    wait.bytes.store(0, std::memory_order_release);
    wait.since_ns.store(0, std::memory_order_release);
    wait.last_arrival_ns.store(0, std::memory_order_release);
    wait.last_arrival.store(-1, std::memory_order_release);
    wait.ordinal.store(slot.ordinal.load(std::memory_order_relaxed), std::memory_order_release);
    return wait;
  }
  FlightWait& WaitOf(const FlightOperation& slot) {
    return file_->waits[static_cast<size_t>(&slot - file_->operations.data())];
  }
  static void Posted(FlightWait& wait, uint32_t step) {
    const uint64_t count = (wait.posted.load(std::memory_order_relaxed) >> 32) + 1;
    wait.posted.store((count << 32) | step, std::memory_order_relaxed);
  }
  static void Waits(FlightWait& wait, FlightWaitKind kind, uint32_t step, int32_t peer, uint64_t bytes, int64_t now_ns);
  static void Arrived(FlightWait& wait, int32_t job_rank, int64_t arrived_ns) {
    wait.last_arrival_ns.store(arrived_ns, std::memory_order_relaxed);
    wait.last_arrival.store(job_rank, std::memory_order_relaxed);
  }

  // DRIVER. Somebody drives.
  void Driven(int64_t now_ns) { file_->header.driven_ns.store(now_ns, std::memory_order_relaxed); }

 private:
  static constexpr int kSlotsLookedAt = 16;

  FlightRecorder(FlightFile* file, std::string path, pid_t owner)
      : file_(file), path_(std::move(path)), owner_(owner) {}

  // Slots of operations that still run are passed over: what is stuck is what people will ask for.
  FlightOperation* NextFree() {
    for (int i = 0; i < kSlotsLookedAt; ++i) {
      FlightOperation& slot = file_->operations[cursor_++ % kFlightOperations];
      if (!FlightProgress::IsRunning(slot.progress.load(std::memory_order_relaxed))) return &slot;
    }
    std::atomic<uint64_t>& unrecorded = file_->header.unrecorded;
    unrecorded.store(unrecorded.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return nullptr;
  }

  FlightFile* const file_;
  const std::string path_;
  const pid_t owner_;  // a forked child must not remove its parent's file
  uint64_t ordinal_ = 0;
  size_t cursor_ = 0;
  std::mutex channels_mutex_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_RECORDER_FLIGHT_RECORDER_H_
