// SPDX-License-Identifier: Apache-2.0
// The engine runs operations over transports. It advances by passes that never block; whoever waits drives, one thread at
// a time ("the driver"), or a progress thread does. It knows plans, messages and time; it never knows what a communicator
// is for, who the ranks are, or which transport it drives.
//
// THREADS. Submit, FailChannel, Wait*, Kick and Poll may be called from any thread. The listener is called on the driver.
#ifndef TUTTI_LIB_ENGINE_ENGINE_H_
#define TUTTI_LIB_ENGINE_ENGINE_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "lib/base/clock.h"
#include "lib/base/near_clock.h"
#include "lib/engine/backoff.h"
#include "lib/engine/operation.h"
#include "lib/engine/sleeper.h"
#include "lib/engine/window_group.h"
#include "lib/telemetry/anchor_clock.h"
#include "lib/telemetry/peer_clock.h"
#include "lib/transport/transport.h"

namespace tutti {

// What the engine cannot decide. Called on the driver between steps; must not block and must not call Wait or Poll.
class EngineListener {
 public:
  virtual ~EngineListener() = default;
  virtual void OnPeerLost(int32_t peer, std::string why) = 0;
  // `bytes` is the length that this rank counted on.
  virtual void OnMismatch(const Operation& operation, int32_t peer, uint64_t bytes, uint64_t remote_signature,
                          uint64_t remote_bytes) = 0;
  // As its call of that number on the channel the peer has called something else, which showed in no message. The signatures
  // are 0 if they are not known any more.
  virtual void OnOtherCall(uint32_t channel, int32_t peer, uint64_t sequence, uint64_t signature,
                           uint64_t remote_signature) = 0;
  // The peer uses another codec, or uses it for another tensor or step: `header` is its own, straight from the wire.
  virtual void OnCodecMismatch(const Operation& operation, int32_t peer, const CodedHeader& header) = 0;
  // A codec could not encode or decode `what` of the operation here; it returned `status`.
  virtual void OnCodecFailure(const Operation& operation, bool encoding, std::string what, int status) = 0;
  // The memory for the operation's windows could not be had. The listener must see to it that FailChannel follows.
  virtual void OnWindowLost(const Operation& operation, std::string why) = 0;
  // Whenever an operation has run for another EngineOptions::stall_ns; `first` the first time.
  virtual void OnStall(const Operation& operation, bool first) = 0;
  // Once per operation. The listener must see to it that FailChannel follows.
  virtual void OnDeadline(const Operation& operation) = 0;
  // It has ended well, but took longer than its budget. Operation::Timing says why.
  virtual void OnOverrun(const Operation& operation) = 0;
  // Every EngineOptions::tick_ns or so while somebody drives.
  virtual void OnTick(int64_t now_ns) = 0;
};

class FlightRecorder;

struct EngineOptions {
  WaitOptions wait;
  FlightRecorder* recorder = nullptr;  // if there is one; must outlive the engine
  int64_t tick_ns = 20'000'000;
  int64_t stall_ns = 500'000'000;
};

class Engine {
 public:
  static absl::StatusOr<std::unique_ptr<Engine>> Create(const EngineOptions& options, Clock& clock,
                                                        EngineListener& listener);
  ~Engine();  // stops the progress thread; operations that still run are abandoned

  // SET-UP, before the first Submit. The transport must outlive the engine. Transports are numbered in the order of these
  // calls; which one leads to a peer is said by Operation::connections. At most 256.
  absl::Status UseTransport(Transport& transport, int num_peers);

  // Drives from a thread of its own from now on; pinned to `core` unless it is negative, with that real-time priority (1 to 99,
  // first in, first out) unless it is 0. InvalidArgument: no such core. PermissionDenied: no such priority for this process.
  absl::Status StartProgressThread(int core, int priority);
  void StopProgressThread();

  // Hands an operation over. Lock-free. It starts in the driver's next pass.
  void Submit(Operation& operation);

  // Submit and Wait; for operations over windows without the detour through the queue.
  void SubmitAndWait(Operation& operation);

  // One pass, if nobody else drives. Returns true if anything moved.
  bool Poll();

  // Returns when the operation is done.
  void Wait(const Operation& operation);
  // Returns when `finished` returns true; it must become true by the end of some operation.
  void WaitUntil(absl::FunctionRef<bool()> finished);

  // Every operation of the channel, running or submitted later, ends with `outcome`. The first call per channel counts.
  // Takes effect in the driver's next pass.
  void FailChannel(uint32_t channel, Outcome outcome);

  // Runs `task` in the driver's role, between two passes, and returns when it has run. For what only the driver may do with
  // transports. From any thread but the driver; `task` must not call the engine.
  void RunAsDriver(absl::FunctionRef<void()> task);

  // Connects peers before any operation needs them: those who may send without being asked.
  void Connect(absl::Span<const PeerConnection> connections);

  // All messages that have arrived, or been announced, before their receive was posted.
  void VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit);

  // Returns when the transports have handed over all bytes of finished operations, or when timeout_ns have passed.
  void Flush(int64_t timeout_ns);

  // Whether any peer is on another host, whose clock is compared with this one's. Any thread.
  // What this rank knows of rank 0's clock, from now on. Any thread.
  void FollowAnchor(const AnchorClock& anchor);

  bool compares_clocks() const { return compares_clocks_.load(std::memory_order_relaxed); }
  // DRIVER. Those peers, by job rank.
  void VisitPeerClocks(absl::FunctionRef<void(int32_t, const PeerClock&)> visit) const;

  // DRIVER (from the listener). "step 4 of 12: receive 512 bytes from rank 3" for steps begun but not done; names are made
  // by `peer_name`. Also the peers waited for, and those of them whose bytes are to come.
  struct Waits {
    std::string description;
    std::vector<int32_t> peers;
    std::vector<int32_t> senders;
  };
  bool IsRunning(uint32_t channel, uint64_t sequence) const;
  Waits DescribeWaits(const Operation& operation, absl::FunctionRef<std::string(int32_t)> peer_name) const;

 private:
  struct Lane {  // a transport with what is about to be posted to it
    Transport* transport = nullptr;
    bool used = false;               // leads to a peer
    std::vector<SendRequest> sends;  // urgent ones first
    std::vector<RecvRequest> recvs;
    size_t urgent_sends = 0;
    bool stamps = false;  // some of these are of operations that are timed
  };
  struct ActiveSlot {
    Operation* operation = nullptr;
    uint32_t generation = 0;
  };
  struct LocalStep {
    Operation* operation;
    uint32_t step;
  };
  // First in, first out; emptied when it has run dry, so that it allocates only while it grows.
  class LocalSteps {
   public:
    bool empty() const { return head_ == steps_.size(); }
    void Reserve(size_t num_steps) { steps_.reserve(num_steps); }
    void Push(const LocalStep& step) { steps_.push_back(step); }
    LocalStep Pop() {
      const LocalStep next = steps_[head_++];
      if (empty()) {
        steps_.clear();
        head_ = 0;
      }
      return next;
    }

    // Of operations that are about to end.
    void Drop(uint32_t channel) {
      const auto begin = steps_.begin() + static_cast<ptrdiff_t>(head_);
      const auto is_of = [channel](const LocalStep& step) { return step.operation->channel == channel; };
      steps_.erase(std::remove_if(begin, steps_.end(), is_of), steps_.end());
      if (!empty()) return;
      steps_.clear();
      head_ = 0;
    }

   private:
    std::vector<LocalStep> steps_;
    size_t head_ = 0;
  };
  struct DriverTask {
    explicit DriverTask(absl::FunctionRef<void()> task) : run(task) {}
    const absl::FunctionRef<void()> run;
    std::atomic<bool> done{false};
  };

  Engine(const EngineOptions& options, Clock& clock, EngineListener& listener, std::unique_ptr<Sleeper> sleeper);

  // Driver's role (engine_drive.cc)
  bool TryDrive() { return !driving_.exchange(true, std::memory_order_acquire); }
  void StopDriving();
  void DriveUntil(absl::FunctionRef<bool()> finished);
  void WaitForDriver(absl::FunctionRef<bool()> finished);
  void SleepUntilWork();
  void NotifyWaiters();
  void LookForUnsentBytes();

  // One pass (engine_pass.cc)
  bool Pass();
  bool StartSubmitted();
  void Start(Operation& operation);
  void ConnectTo(const PeerConnection& connection);
  void TakeSlot(Operation& operation);
  void MakeReady(Operation& operation, uint32_t step);
  void RunReady();
  void PostReady();
  bool RunLocal(Operation& operation, uint32_t step);
  void Handle(Lane& lane, const Completion& completion);
  void ReducePart(Operation& operation, uint32_t step, const Completion& part);
  void CompleteStep(Operation& operation, uint32_t step);
  void End(Operation& operation, Outcome outcome);
  Waits DescribeWindowWait(const Operation& operation, absl::FunctionRef<std::string(int32_t)> peer_name) const;
  uint64_t ContextOf(const Operation& operation, uint32_t step) const;

  // Codecs (engine_codec.cc)
  bool RunCodec(Operation& operation, uint32_t step);  // false: it has failed, and the listener was told
  void PostCodedSend(Lane& lane, Operation& operation, uint32_t step);
  void PostHeaderRecv(Lane& lane, Operation& operation, uint32_t step);
  void HandleCodedRecv(Lane& lane, Operation& operation, uint32_t step, const MessageStamp& stamp);
  static uint64_t ExpectedBytes(Operation& operation, uint32_t step);  // of the message that is received next

  // Windows (engine_window.cc)
  enum class WindowTurn : uint8_t { kBlocked, kMoved, kFinished };
  void StartWindow(Operation& operation);
  void EnqueueWindow(Operation& operation);
  void LookAround(uint64_t bytes);
  bool RunWindows();
  bool RunTrack(WindowTrack& track, bool* moved);
  WindowTurn AdvanceWindow(Operation& operation);
  // Others than the operation over windows that runs.
  bool SomebodyWaits() const {
    return window_tracks_.size() > 1 || urgent_running_ > 0 || submitted_.load(std::memory_order_relaxed) != nullptr;
  }
  bool RunWindowStep(Operation& operation, const WindowPlanStep& step);
  void MarkFront(WindowTrack& track);
  void BeginWindowWork(Operation& operation);
  void EndWindowStep(Operation& operation);
  void CountWindowSteps(Operation& operation);
  static bool SharesMemory(const Operation& operation) {
    return operation.group != nullptr && operation.group->ready();
  }
  void CompareCalls(Operation& operation) {
    if (operation.group->ShouldCompareCalls(operation.all_read_all)) LookForOtherCalls(*operation.group);
  }
  void LookForOtherCalls(WindowGroup& group);
  void LookForTheGone();
  static bool IsThere(const Operation& operation, int rank);
  const std::byte* FindPublish(Operation& operation, const WindowPlanStep& step, int rank, uint64_t number);
  const std::byte* FindLent(Operation& operation, int rank, const RegionPlace& place, uint64_t bytes);
  bool HasRead(Operation& operation, int rank, uint64_t number);

  // Telemetry (engine_time.cc)
  int64_t StampNs() {
    if (!stamped_) {
      stamp_ns_ = near_clock_.NowNs();
      stamped_ = true;
    }
    return stamp_ns_;
  }
  int64_t BeginKernel(const Operation& operation) { return operation.timed ? StampNs() : 0; }
  void EndKernel(Operation& operation, int64_t begin_ns) {
    stamped_ = false;
    if (operation.timed) operation.marks.reduced_ns += StampNs() - begin_ns;
  }
  void EndCodec(Operation& operation, int64_t begin_ns) {
    stamped_ = false;
    if (operation.timed) operation.marks.coded_ns += StampNs() - begin_ns;
  }
  void NeedPeerClock(int32_t peer);
  void SetClockBound(const PeerClock& peer, int64_t now_ns, MessageStamp* stamp) const;
  int64_t ClockBoundIn(const MessageStamp& stamp, int64_t now_ns) const;
  void StampRequests(Lane& lane);
  void Hear(Operation& operation, uint32_t step, const MessageStamp& stamp, uint64_t bytes);
  void EndStep(Operation& operation, uint32_t step);
  void EndTiming(Operation& operation, Outcome outcome);
  void Trace(const Operation& operation, Outcome outcome) {
    if (operation.trace != nullptr) [[unlikely]]
      WriteTrace(operation, outcome);
  }
  void WriteTrace(const Operation& operation, Outcome outcome);

  // The flight record (engine_record.cc)
  void Record(Operation& operation, int64_t started_ns) {
    if (options_.recorder != nullptr) BeginRecord(operation, started_ns);
  }
  void BeginRecord(Operation& operation, int64_t started_ns);
  void OpenRecordedWait(Operation& operation);
  void RecordWait(Operation& operation, int64_t now_ns);
  static void EndRecord(Operation& operation, Outcome outcome, int64_t ended_ns);

  // Telemetry of small operations over windows (engine_quick.cc)
  static constexpr uint32_t kMomentLooks = 4;
  static constexpr int kQuickLooks = 16;  // an operation that ends within so many looks, about a microsecond, is quick
  void BeginQuick(Operation& operation);
  void OnQuickLook(Operation& operation, int look);
  void ClockNow(Operation& operation);
  void EndQuick(Operation& operation, int look);
  void SayArrival(Operation& operation);

  // Time and failure (engine_failure.cc)
  void CheckTime();
  void HandleControl();
  void HandleFailures(absl::Span<const std::pair<uint32_t, Outcome>> failures);
  const Outcome* FailureOf(uint32_t channel) const;

  const EngineOptions options_;
  Clock& clock_;
  EngineListener& listener_;
  std::unique_ptr<Sleeper> sleeper_;

  // Shared between threads.
  alignas(64) std::atomic<bool> driving_{false};
  alignas(64) std::atomic<Operation*> submitted_{nullptr};
  std::atomic<bool> control_pending_{false};  // there is something new_
  std::atomic<int> waiters_{0};
  std::atomic<bool> stop_{false};
  std::atomic<bool> compares_clocks_{false};
  std::atomic<int> flushes_{0};       // threads in Flush
  std::atomic<bool> flushed_{false};  // nothing was unsent when the driver last looked
  std::mutex mutex_;                  // new_..., and the condition variable of threads that wait while another drives
  std::condition_variable waiters_wake_;
  std::vector<std::pair<uint32_t, Outcome>> new_failures_;
  std::vector<DriverTask*> new_tasks_;
  std::optional<AnchorClock> new_anchor_;

  // The driver's own.
  std::vector<Lane> lanes_;
  std::vector<uint8_t> lane_of_peer_;
  std::vector<ActiveSlot> active_;
  std::vector<uint32_t> free_slots_;
  std::vector<WindowTrack*> window_tracks_;  // those with operations
  LocalSteps local_steps_;                   // of usual operations, and of urgent ones
  LocalSteps urgent_steps_;
  int urgent_running_ = 0;  // urgent operations that have begun
  std::vector<const void*> reduce_sources_;
  uint64_t quick_bytes_ = 0;  // that operations have moved since the last pass
  bool reads_lent_ = false;   // the window step that runs reads what a peer has lent
  std::vector<std::pair<uint32_t, Outcome>> failed_channels_;
  std::array<Completion, 64> completions_;
  uint64_t passes_ = 0;
  alignas(64) NearClock near_clock_;
  // The time, as long as nothing was done that takes time: few steps read the clock themselves.
  int64_t stamp_ns_ = 0;
  bool stamped_ = false;
  bool looks_in_a_row_ = false;   // one operation is looked at and nothing else is done in between
  int64_t quick_looks_ns_ = 500;  // what kQuickLooks looks take
  int64_t quick_looks_end_ns_ = 0;
  std::vector<std::unique_ptr<PeerClock>> peer_clocks_;  // by job rank; none for ranks of this host
  AnchorClock anchor_;
  int64_t next_tick_ns_ = 0;

  std::thread progress_thread_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_ENGINE_H_
