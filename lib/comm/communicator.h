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
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "lib/bootstrap/control_plane.h"
#include "lib/comm/budget_watch.h"
#include "lib/comm/call.h"
#include "lib/comm/plan_cache.h"
#include "lib/engine/operation.h"
#include "lib/engine/window_group.h"
#include "lib/telemetry/comm_telemetry.h"

namespace tutti {

class Job;

struct CollectiveCall {
  Collective collective = Collective::kBarrier;
  const void* send = nullptr;
  void* recv = nullptr;
  uint64_t count = 0;
  DataType type = DataType::kInt8;
  ReduceOp op = ReduceOp::kSum;
  int root = 0;
  bool in_place = false;
  // Of this rank, where blocks differ in length: used until Make returns. `count` is then as in Shape.
  const RankBlocks* blocks = nullptr;
  const Algorithm* algorithm = nullptr;  // nullptr: the communicator's choice
  int64_t timeout_ns = 0;                // 0: the job's
  int64_t budget_ns = 0;                 // 0: the communicator's
};

struct MessageCall {
  bool is_send = false;
  void* data = nullptr;  // read only when it is sent
  uint64_t count = 0;
  DataType type = DataType::kInt8;
  int peer = 0;  // rank in the communicator, not this one
  int32_t tag = 0;
  int64_t timeout_ns = 0;
  int64_t budget_ns = 0;
};

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
  // Makes and submits.
  absl::StatusOr<Operation*> Start(const CollectiveCall& call);
  absl::StatusOr<Operation*> Start(const MessageCall& call);

  // Collective. A negative color gives nullptr.
  absl::StatusOr<std::unique_ptr<Communicator>> Split(int color, int key);

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
  BudgetWatch& budget() { return budget_; }
  // One of its operations took longer than its budget. On the driver.
  void TellOverrun(const Operation& operation);

  // How many collectives have ended well here. Those with lower numbers than this have all begun.
  uint64_t completed() const { return completed_.load(std::memory_order_relaxed); }
  // What was called as that collective; 0 if that is long ago.
  uint64_t SignatureOf(uint64_t sequence) const;

 private:
  // More than the operations that a rank can be ahead of another one: a root's sends are soon done, but bounded by the
  // transports' budgets for messages that nobody has asked for yet.
  // Over shared memory a microsecond each: this is what happens in a tenth of a second.
  static constexpr size_t kRememberedCalls = 131072;
  struct RememberedCall {
    std::atomic<uint64_t> sequence{~uint64_t{0}};
    std::atomic<uint64_t> signature{0};
  };

  bool ConnectPeers(Operation& operation);
  absl::Status AppendConnections(absl::Span<const int32_t> peers, std::vector<PeerConnection>* out);
  void Prepare(Operation& operation, int64_t timeout_ns);
  void PrepareTiming(Operation& operation, const PlanKey& key, int64_t arrived_ns, int64_t budget_ns);
  int64_t ArrivalNs();
  void LookForWindows();
  absl::Status RunAndWait(const CollectiveCall& call);
  void RememberCall(uint64_t sequence, uint64_t signature);

  const std::shared_ptr<Job> job_;
  const uint32_t channel_;
  const std::vector<int32_t> members_;
  const int rank_;
  const std::vector<int> groups_;  // see Job::GroupsOf

  bool looked_for_windows_ = false;
  std::unique_ptr<WindowGroup> windows_;  // if all members share memory

  BudgetWatch budget_;
  CommTelemetry telemetry_;  // before the operations that write into it
  PlanCache plans_;
  absl::flat_hash_map<std::pair<int32_t, int32_t>, uint64_t> sent_;      // (peer, tag) -> messages so far
  absl::flat_hash_map<std::pair<int32_t, int32_t>, uint64_t> received_;  // likewise

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
