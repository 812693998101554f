// SPDX-License-Identifier: Apache-2.0
// A communicator: a group of ranks, the order of its operations, its plans, and whether it still works. It turns calls into
// operations; how they run is the engine's business, how failures are found is the job's.
//
// THREADS. Operations are started by one thread at a time; Fail, Abort, failure() and the answers to questions from any.
#ifndef TUTTI_LIB_COMM_COMMUNICATOR_H_
#define TUTTI_LIB_COMM_COMMUNICATOR_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "collectives/schedule/levels.h"
#include "collectives/select/select.h"
#include "lib/bootstrap/control_plane.h"
#include "lib/comm/budget_watch.h"
#include "lib/comm/call.h"
#include "lib/comm/call_arguments.h"
#include "lib/comm/codec_gate.h"
#include "lib/comm/comm_codecs.h"
#include "lib/comm/comm_export.h"
#include "lib/comm/plan_cache.h"
#include "lib/comm/repeated_calls.h"
#include "lib/engine/operation.h"
#include "lib/engine/window_group.h"
#include "lib/reduce/user_op.h"
#include "lib/telemetry/comm_telemetry.h"

namespace tutti {

class Job;

// Messages between two ranks have numbers apart from the collectives': the upper bit and the user's tag.
constexpr uint32_t MessageIndex(int32_t tag) { return uint32_t{1} << 31 | static_cast<uint32_t>(tag); }

class Communicator {
 public:
  // members[r] is the job rank of rank r; `rank` is this one's place. The communicator registers with the job.
  Communicator(std::shared_ptr<Job> job, uint32_t channel, std::vector<int32_t> members, int rank);
  // Ends what still runs (kAborted), delivers what has finished, and lets go of the job. Does not wait for peers.
  ~Communicator();
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  int rank() const { return rank_; }
  int size() const { return static_cast<int>(members_.size()); }
  uint32_t channel() const { return channel_; }
  const std::vector<int32_t>& members() const { return members_; }
  Job& job() { return *job_; }
  const std::shared_ptr<Job>& shared_job() { return job_; }

  // Makes an operation of arguments that have been checked. FailedPrecondition: the communicator has failed, see
  // failure(). The caller submits it before it makes another one, waits (both Job::engine), and then calls
  // Operation::Release.
  absl::StatusOr<Operation*> Make(const CollectiveCall& call);
  absl::StatusOr<Operation*> Make(const MessageCall& call);
  // The same in two halves, for a call that is made again and again with the same arguments: Bind finds the plan and connects
  // the peers, Renew makes the next run of it, once the last one is done. The operation is released at the very end.
  absl::StatusOr<Operation*> Bind(const CollectiveCall& call);
  absl::Status Renew(Operation& operation, const CollectiveCall& call);
  // Of several calls, packed into Operation::OwnInput by the caller before it submits it; it ends Operation::fused_parts, and is not
  // released by the caller.
  absl::StatusOr<Operation*> MakeFused(const CollectiveCall& call);
  // An operation that does nothing, for one that was fused into another; the caller marks it as running when it submits that.
  Operation& TakePart();
  // Makes and submits.
  absl::StatusOr<Operation*> Start(const CollectiveCall& call);
  absl::StatusOr<Operation*> Start(const MessageCall& call);

  // The rank whose next message with that tag can be received now; -1: nobody's. Of several, another one than last time.
  // FailedPrecondition: the communicator has failed. Not while another thread makes an operation.
  absl::StatusOr<int> FindSender(int32_t tag);

  // Collective. A negative color gives nullptr.
  absl::StatusOr<std::unique_ptr<Communicator>> Split(int color, int key);

  // Which of the ranks of this host comes with which of the others'. COLLECTIVE.
  enum class HostSplit : int32_t { kHost = 0, kAcrossHosts = 1, kOnePerHost = 2 };
  absl::StatusOr<std::unique_ptr<Communicator>> SplitByHost(HostSplit kind, int key);

  // Codecs, and what they remember. For the thread that starts operations.
  CommCodecs& codecs() { return codecs_; }
  // For calls that name none themselves, where it is fit for them; nullptr: none.
  CommCodec* default_codec() const { return default_codec_; }
  void SetDefaultCodec(CommCodec* codec, bool gated = false) {
    default_codec_ = codec;
    default_is_gated_ = gated;
  }
  bool default_is_gated() const { return default_is_gated_; }  // then GateChoice says
  // COLLECTIVE. Measures which codecs pay on this communicator's paths; `text` is as in codec_gate.h.
  absl::Status CalibrateGate(absl::string_view text);
  const CodecGate* gate() const { return gate_.get(); }  // nullptr: not calibrated
  // What has been found best for an all_reduce of that many bytes of float32; nullptr: no codec. Needs a gate.
  CommCodec* GateChoice(uint64_t bytes) const;
  // Whether operations are running, which may use states.
  bool HasRunningOperations();

  // Ends the communicator here and on all ranks.
  void Abort(absl::string_view reason);

  // Ends the communicator here: every operation, now or later, has this outcome. The first call counts; returns whether
  // this was it.
  bool Fail(Outcome outcome, absl::string_view sentence);

  // kOk while it works.
  Outcome outcome() const { return outcome_.load(std::memory_order_acquire); }
  std::string failure() const;
  bool Contains(int32_t job_rank) const;

  // All operations it ever made and still keeps, running or not. Not while another thread starts one.
  absl::flat_hash_set<const Operation*> Operations();

  // "all_reduce(float32 x 1024, sum, ring), operation 17 of communicator 0", for an operation of this communicator.
  std::string NameOf(const Operation& operation) const;

  // What an operation was waiting for when somebody last looked; part of the answers to other ranks' questions.
  void RememberWait(uint64_t sequence, std::string wait);
  Activity DescribeActivity(uint64_t sequence) const;

  CommTelemetry& telemetry() { return telemetry_; }
  const CommTelemetry& telemetry() const { return telemetry_; }
  // The transport that steps with a peer go over: "tcp", ...
  const char* RailName(uint8_t rail) const;
  // Forgets what was measured, once it is written down where that is wanted.
  void MarkTelemetry();
  BudgetWatch& budget() { return budget_; }
  // One of its operations took longer than its budget. On the driver.
  void TellOverrun(const Operation& operation);

  // How many collectives have ended well here. Those with lower numbers than this have all begun.
  uint64_t completed() const { return completed_.load(std::memory_order_relaxed); }
  // What was called as that collective; 0 if that is long ago.
  uint64_t SignatureOf(uint64_t sequence) const;

 private:
  // More than the operations that a rank can be ahead of another one: a root's sends are soon done, but bounded by the
  // transports' budgets for messages that nobody has asked for yet. Over TCP this is what happens in some twentieth of a second, in
  // which ranks that call different things have noticed; those that share memory notice sooner (CallChain).
  static constexpr size_t kRememberedCalls = 16384;
  struct RememberedCall {
    std::atomic<uint64_t> sequence{~uint64_t{0}};
    std::atomic<uint64_t> signature{0};
  };

  static absl::Status HasFailed() { return absl::FailedPreconditionError("the communicator has failed"); }
  absl::StatusOr<Operation*> BindAnew(const CollectiveCall& call);
  absl::Status FillCoded(Operation& operation, const CollectiveCall& call);
  void ScaleFirst(Operation& operation, const Shape& shape, double factor);
  bool ConnectPeers(Operation& operation);
  absl::Status AppendConnections(absl::Span<const int32_t> peers, std::vector<PeerConnection>* out);
  absl::StatusOr<int64_t> MeasureAllReduce(const CollectiveCall& call);
  void TellCodecCost(const CommCodec& codec) const;
  void Prepare(Operation& operation, int64_t timeout_ns);
  void VisitOperations(absl::FunctionRef<void(Operation&)> visit);
  absl::Status Enter(Operation& operation, const CollectiveCall& call, int64_t arrived_ns);
  void Describe(Operation& operation, const PlanKey& key);
  void PrepareTiming(Operation& operation, int64_t arrived_ns, int64_t budget_ns);
  int64_t ArrivalNs();
  void LookForWindows();
  absl::Status RunAndWait(const CollectiveCall& call);
  void RememberCall(uint64_t sequence, uint64_t signature);

  const std::shared_ptr<Job> job_;
  const uint32_t channel_;
  const std::vector<int32_t> members_;
  const int rank_;
  const Levels levels_;  // see Job::LevelsOf
  const bool crowded_;   // see Job::IsCrowded

  absl::flat_hash_map<int32_t, uint8_t> rails_;  // the transport to each peer that was looked up, by job rank
  bool connected_to_all_ = false;                // for senders that nobody waits for by name
  int last_sender_ = 0;                          // that was found
  bool looked_for_windows_ = false;
  std::unique_ptr<WindowGroup> windows_;  // if all members share memory

  BudgetWatch budget_;
  CommTelemetry telemetry_;             // before the operations that write into it
  std::unique_ptr<CommExport> export_;  // nullptr: nothing is exported
  CommCodecs codecs_;                   // before the operations that use them
  CommCodec* default_codec_ = nullptr;
  bool default_is_gated_ = false;
  std::unique_ptr<CodecGate> gate_;
  std::vector<CommCodec*> gate_codecs_;  // as its candidates
  PlanCache plans_;
  RepeatedCalls repeated_;
  std::vector<Operation*> fused_;                                        // that were made, and not given back yet
  std::shared_ptr<const Plan> no_plan_;                                  // of parts
  std::vector<std::unique_ptr<Operation>> parts_;                        // see TakePart
  size_t next_part_ = 0;                                                 // where the next idle one is looked for first
  absl::flat_hash_map<std::pair<int32_t, int32_t>, uint64_t> sent_;      // (peer, tag) -> messages so far
  absl::flat_hash_map<std::pair<int32_t, int32_t>, uint64_t> received_;  // likewise

  FlightChannel* flight_channel_ = nullptr;  // where readers of the flight record see the two below

  std::atomic<uint64_t> entered_{0};
  std::atomic<uint64_t> completed_{0};
  std::array<RememberedCall, kRememberedCalls> remembered_calls_;

  std::atomic<Outcome> outcome_{Outcome::kOk};
  mutable std::mutex mutex_;  // the strings below
  std::string failure_;
  uint64_t wait_sequence_ = 0;
  std::string wait_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_COMMUNICATOR_H_
