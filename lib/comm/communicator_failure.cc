// SPDX-License-Identifier: Apache-2.0
// The communicator's end, and what it can say about itself on the way there.
#include <algorithm>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "lib/comm/communicator.h"
#include "lib/comm/job.h"

namespace tutti {
namespace {

constexpr int64_t kFlushNs = 2 * kNsPerSecond;

}  // namespace

Communicator::~Communicator() {
  Engine& engine = job_->engine();
  if (HasRunningOperations()) Fail(Outcome::kAborted, "the communicator was destroyed while operations were running");
  engine.WaitUntil([this] {
    bool done = true;
    VisitOperations([&done](Operation& operation) { done &= operation.done(); });
    return done;
  });
  if (outcome() == Outcome::kOk) {
    engine.Flush(kFlushNs);
    engine.FailChannel(channel_, Outcome::kAborted);
  }
  job_->Unregister(*this);
  engine.Poll();
  if (job_->recorder() != nullptr) job_->recorder()->CloseChannel(flight_channel_);
  export_.reset();
}

void Communicator::VisitOperations(absl::FunctionRef<void(Operation&)> visit) {
  plans_.ForEach(visit);
  for (const auto& part : parts_) visit(*part);
}

bool Communicator::HasRunningOperations() {
  bool running = false;
  VisitOperations([&running](Operation& operation) { running |= operation.in_use() && !operation.done(); });
  return running;
}

absl::flat_hash_set<const Operation*> Communicator::Operations() {
  absl::flat_hash_set<const Operation*> operations;
  VisitOperations([&operations](Operation& operation) { operations.insert(&operation); });
  return operations;
}

void Communicator::Abort(absl::string_view reason) {
  std::string sentence = absl::StrCat(job_->NameOf(members_[static_cast<size_t>(rank_)]), " aborted communicator ",
                                      channel_, reason.empty() ? "" : ": ", reason);
  job_->FailAndReport(FailureKind::kAborted, members_[static_cast<size_t>(rank_)], channel_, sentence);
}

bool Communicator::Fail(Outcome outcome, absl::string_view sentence) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (outcome_.load(std::memory_order_relaxed) != Outcome::kOk) return false;
    failure_ = std::string(sentence);
    outcome_.store(outcome, std::memory_order_release);
  }
  if (flight_channel_ != nullptr) {
    flight_channel_->outcome.store(static_cast<int32_t>(outcome), std::memory_order_relaxed);
  }
  TUTTI_LOG(kInfo, "communicator ", channel_, " has failed: ", sentence);
  job_->engine().FailChannel(channel_, outcome);
  return true;
}

std::string Communicator::failure() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return failure_;
}

bool Communicator::Contains(int32_t job_rank) const {
  return std::find(members_.begin(), members_.end(), job_rank) != members_.end();
}

std::string Communicator::NameOf(const Operation& operation) const {
  if (operation.is_message()) {
    return absl::StrCat(DescribeSignature(operation.signature), " with tag ", operation.index_base & 0x7fffffffu,
                        " on communicator ", channel_);
  }
  return absl::StrCat(DescribeSignature(operation.signature), ", operation ", operation.sequence, " of communicator ",
                      channel_);
}

void Communicator::RememberCall(uint64_t sequence, uint64_t signature) {
  RememberedCall& call = remembered_calls_[sequence % kRememberedCalls];
  call.signature.store(0, std::memory_order_release);
  call.sequence.store(sequence, std::memory_order_release);
  call.signature.store(signature, std::memory_order_release);
}

void Communicator::RememberWait(uint64_t sequence, std::string wait) {
  std::lock_guard<std::mutex> lock(mutex_);
  wait_sequence_ = sequence;
  wait_ = std::move(wait);
}

uint64_t Communicator::SignatureOf(uint64_t sequence) const {
  const RememberedCall& call = remembered_calls_[sequence % kRememberedCalls];
  const uint64_t signature = call.signature.load(std::memory_order_acquire);
  return call.sequence.load(std::memory_order_acquire) == sequence ? signature : 0;
}

Activity Communicator::DescribeActivity(uint64_t sequence) const {
  Activity activity;
  activity.answered = true;
  activity.entered = entered_.load(std::memory_order_acquire);
  activity.completed = completed_.load(std::memory_order_relaxed);
  if (sequence < activity.entered) activity.signature = SignatureOf(sequence);
  std::lock_guard<std::mutex> lock(mutex_);
  if (!wait_.empty() && wait_sequence_ >= activity.completed) activity.description = absl::StrCat("waits: ", wait_);
  return activity;
}

}  // namespace tutti
