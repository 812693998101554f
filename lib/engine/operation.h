// SPDX-License-Identifier: Apache-2.0
// An operation: one running instance of a plan, with the caller's buffers and the counters of its progress. It is made
// once and used again for every later call of the same shape, so that a repeated collective allocates nothing.
//
// Ownership by time: the thread that starts it owns it until Engine::Submit; then the engine's driver, until done(); then
// whoever waits for it, until Release.
#ifndef TUTTI_LIB_ENGINE_OPERATION_H_
#define TUTTI_LIB_ENGINE_OPERATION_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/engine/coded_call.h"
#include "lib/engine/plan.h"
#include "lib/recorder/flight_layout.h"
#include "lib/telemetry/operation_timing.h"
#include "lib/telemetry/step_record.h"
#include "lib/telemetry/trace_ring.h"

namespace tutti {

class CommTelemetry;
class OperationRecord;
class WindowGroup;
class WindowTrack;

// How an operation ended. The values equal tutti_status_t (checked in lib/capi).
enum class Outcome : int32_t {
  kOk = 0,
  kRunning = 1,
  kPeerFailed = 300,
  kTimeout = 400,
  kMismatch = 401,
  kAborted = 402,
  kCodecFailed = 404,
  kInternal = 499,
};

// "ok", "running", "peer_failed", "timeout", ...; "" for a number that is none of them (out of a file).
const char* OutcomeName(Outcome outcome);

// A peer that is to be connected before an operation begins.
struct PeerConnection {
  int32_t peer = -1;
  uint8_t transport = 0;   // the engine's number for it
  std::string address;     // the peer's, of that transport
  bool same_clock = true;  // it is on this host
};

enum class StepProgress : uint8_t { kWaiting, kBegun, kDone };

// When what came before a step was done, when it was handed to the transport, when it was done; by the engine's clock.
struct StepTimes {
  int64_t ready_ns = 0;
  int64_t posted_ns = 0;
  int64_t done_ns = 0;
};

class Operation {
 public:
  explicit Operation(std::shared_ptr<const Plan> plan);
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  const Plan& plan() const { return *plan_; }

  // Any thread.
  Outcome outcome() const { return outcome_.load(std::memory_order_acquire); }
  bool done() const { return outcome() != Outcome::kRunning; }

  // FOR THE STARTER: set before Submit.
  std::array<std::byte*, 2> user{};  // kInput, kOutput
  // The input is made from these when the operation begins: user[kInput][i] = factor * from[i]. count 0: it is there.
  struct Scaling {
    const std::byte* from = nullptr;
    uint64_t count = 0;
    double factor = 1;
  };
  Scaling scaling;
  // Memory of the operation's own, to be scaled or packed into; the same length each time.
  std::byte* OwnInput(uint64_t input_bytes);
  // Operations that were fused into this one. When it ends, the driver copies their results out of OwnInput, and ends them.
  struct Part {
    std::byte* to = nullptr;  // nullptr: no result on this rank
    uint64_t offset_bytes = 0;
    uint64_t bytes = 0;
    Operation* operation = nullptr;  // nullptr: another part's stands for this one, too
  };
  std::vector<Part> fused_parts;
  uint32_t channel = 0;                                // the communicator
  uint64_t sequence = 0;                               // which operation on the channel
  uint32_t index_base = 0;                             // added to message numbers
  bool is_message() const { return index_base != 0; }  // collectives number their messages from 0
  uint64_t signature = 0;
  int64_t timeout_ns = 0;
  bool urgent = false;                                   // its steps come before those of others
  WindowGroup* group = nullptr;                          // if all of the communicator's ranks share memory
  bool all_read_all = false;                             // no rank can end it before all others have begun it
  uint64_t window_base = 0;                              // the number of the first publish
  void* owner = nullptr;                                 // for the engine's listener
  std::atomic<uint64_t>* completions = nullptr;          // counts successful ends; written by the driver only
  CodedCall coded;                                       // of plans with slots
  std::vector<PeerConnection> connections;               // peers to connect first
  uint64_t bytes = 0;                                    // for people: of the block or vector that was given
  const int32_t* job_ranks = nullptr;                    // by rank in the communicator; see FlightWait
  FlightChannel* flight_channel = nullptr;               // where its end is counted for readers of the flight record
  bool timed = false;                                    // the nine below are valid
  int32_t rank = -1;                                     // this one, in the communicator
  int64_t arrived_ns = 0;                                // when the call was entered, by the engine's clock; or:
  static constexpr int64_t kNoClockYet = INT64_MIN + 1;  // the engine looks at it if that is worth while
  int64_t budget_ns = 0;                                 // longer than this, and the listener is told
  CommTelemetry* telemetry = nullptr;
  OperationRecord* record = nullptr;
  bool first_run = false;             // its plan was made just now, perhaps: that is no part of its first step
  std::vector<uint8_t> step_records;  // by step, of plans that send messages; see CommTelemetry::AddStep
  TraceRing* trace = nullptr;         // where its end is recorded; may be nullptr
  TraceLabel label;

  // Claims an idle operation for a new run. False if it is in use. For the starter: of the threads that may start operations
  // of a communicator, one at a time.
  bool TryAcquire() {
    if (in_use()) return false;
    in_use_.store(true, std::memory_order_relaxed);
    return true;
  }
  // Gives it back; it must be done or never submitted. Any thread.
  void Release() { in_use_.store(false, std::memory_order_release); }
  void MarkRunning() { outcome_.store(Outcome::kRunning, std::memory_order_relaxed); }
  bool in_use() const { return in_use_.load(std::memory_order_acquire); }

  // FOR THE DRIVER.
  void Begin();                  // resets counters
  void Finish(Outcome outcome);  // publishes the result; the driver must not touch it afterwards
  std::byte* At(const BytePlace& place) { return base_[static_cast<size_t>(place.buffer)] + place.offset_bytes; }
  bool CountDown(uint32_t step) { return --waiting_for_[step] == 0; }
  bool StepDone(uint32_t step) {  // true when it was the last one
    progress_[step] = StepProgress::kDone;
    return --steps_left_ == 0;
  }
  void StepBegun(uint32_t step) { progress_[step] = StepProgress::kBegun; }
  StepProgress progress(uint32_t step) const { return progress_[step]; }
  uint32_t steps_left() const { return steps_left_; }

  // Of steps that move codes, in several messages. PartDone: true when it was the last one.
  void ExpectParts(uint32_t step, uint8_t parts) { parts_left_[step] = parts; }
  bool PartDone(uint32_t step) { return --parts_left_[step] == 0; }
  uint8_t parts_left(uint32_t step) const { return parts_left_[step]; }

  void BeginTiming(int64_t begun_ns);
  // Instead, with kNoClockYet. `marks` say nothing, but, if it has heard of others, when these came.
  void BeginUnclocked() {
    window_clock = WindowClock::kUnclocked;
    window_says_arrival = false;
  }
  bool unclocked() const { return timed && window_clock != WindowClock::kClocked; }
  bool unclocked_and_unheard() const { return timed && window_clock == WindowClock::kUnclocked; }
  void ClockAt(int64_t ns) {
    arrived_ns = ns;
    BeginTiming(ns);
  }
  // One of its ranks says that it arrived then.
  void HearArrival(int32_t of, int64_t ns) {
    if (window_clock == WindowClock::kUnclocked) {
      // They are all later than this rank, as far as it knows.
      marks.arrivals.Begin(rank, kNoClockYet);
      window_clock = WindowClock::kUnclockedAndHeard;
    }
    marks.arrivals.Hear(of, ns);
  }
  OperationMarks marks;
  std::vector<StepTimes> step_times;                           // by step, of plans that send messages
  OperationTiming Timing() const { return SplitTime(marks); }  // once it is done; also for whoever waited for it

  void ScaleInput();             // after Begin, if there is something to scale
  void BeginWindow();            // for plans over windows, instead of both
  WindowTrack* track = nullptr;  // one of the group's; set before Submit
  uint32_t window_step = 0;
  uint64_t window_done = 0;     // publishes below this number are not read any more
  uint32_t window_looks = 0;    // at the next step, in vain
  int window_waits_for = -1;    // rank in the group
  int window_silent_rank = -1;  // the last one waited for, if it did not say when it arrived
  bool window_says_arrival = false;
  enum class WindowClock : uint8_t { kClocked, kUnclocked, kUnclockedAndHeard };
  WindowClock window_clock = WindowClock::kClocked;
  bool window_lends_input = false;  // it lies apart from the output, and the plan could lend of it
  bool window_lent = false;         // something, and so it does not end before that has been read
  bool mismatch_told = false;
  bool loss_told = false;

  FlightOperation* flight = nullptr;  // its place in the flight record while it runs, if it has one
  FlightWait* flight_wait = nullptr;  // likewise, once it has run for more than a moment

  int64_t started_ns = 0;
  int64_t deadline_ns = 0;
  uint32_t slot = 0;           // place in the engine's table while it runs
  int64_t stalls = 0;          // how often the listener has heard that it still runs
  bool deadline_told = false;  // the listener has heard that the deadline passed
  Operation* next_submitted = nullptr;

  // Of plans over windows, if Plan::stamps_steps(). Down here it does not push the fields of small operations apart.
  std::vector<StepGroup> step_groups;
  std::vector<int64_t> window_took_ns;  // by step, from when all that it takes was there
  int64_t window_posted_ns = 0;         // of the step that runs
  int64_t window_done_ns = 0;           // of the one before it

 private:
  bool InputIsApart() const;
  void FinishParts(Outcome outcome);

  struct FreeAligned {
    void operator()(std::byte* p) const;
  };

  std::shared_ptr<const Plan> plan_;
  std::unique_ptr<std::byte, FreeAligned> scratch_;
  std::unique_ptr<std::byte, FreeAligned> own_input_;  // from the first time that it is needed
  std::array<std::byte*, kNumBuffers> base_{};
  std::vector<uint32_t> waiting_for_;
  std::vector<StepProgress> progress_;
  std::vector<uint8_t> parts_left_;  // by step, of plans with slots
  uint32_t steps_left_ = 0;
  std::atomic<Outcome> outcome_{Outcome::kOk};
  std::atomic<bool> in_use_{false};
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_OPERATION_H_
