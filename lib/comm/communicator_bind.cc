// SPDX-License-Identifier: Apache-2.0
// From a call to the operation that carries it out: the algorithm, the plan, the peers, and what telemetry calls it.
#include <bit>

#include "absl/strings/str_cat.h"

#include "collectives/algorithms/placed.h"
#include "collectives/algorithms/registry.h"
#include "collectives/schedule/window_program.h"
#include "collectives/select/select.h"
#include "lib/base/log.h"
#include "lib/comm/communicator.h"
#include "lib/comm/job.h"
#include "lib/comm/step_keys.h"

namespace tutti {
namespace {

uint8_t CallKindOf(const PlanKey& key) {
  if (key.is_send) return kSendKind;
  return key.is_recv ? kRecvKind : static_cast<uint8_t>(key.shape.collective);
}

bool NeedsRankOrder(const CollectiveCall& call) { return call.user_op != nullptr && !call.user_op->traits().commutes; }

}  // namespace

absl::StatusOr<Operation*> Communicator::Bind(const CollectiveCall& call) {
  if (outcome() != Outcome::kOk) return HasFailed();
  Operation* const again = repeated_.Claim(call, plans_, telemetry_.enabled());
  return again != nullptr ? again : BindAnew(call);
}

absl::StatusOr<Operation*> Communicator::BindAnew(const CollectiveCall& call) {
  PlanKey key;
  key.shape.collective = call.collective;
  key.shape.num_ranks = size();
  key.shape.root = call.root;
  key.shape.count = call.count;
  key.shape.element_bytes = static_cast<uint32_t>(DataTypeBytes(call.type));
  if (call.user_op != nullptr) {
    key.user_op = call.user_op_number;
    key.shape.count /= call.user_op->traits().item_elements;
    key.shape.element_bytes *= call.user_op->traits().item_elements;
  }
  // The scaled input of an all_reduce has its place where the result will be.
  key.shape.in_place = call.scale == nullptr ? call.in_place : call.collective == Collective::kAllReduce;
  levels_.SetIn(key.shape);
  if (call.blocks != nullptr) key.shape.blocks = absl::MakeConstSpan(call.blocks, 1);
  const Algorithm* wish = call.algorithm;
  if (!looked_for_windows_) LookForWindows();
  if (wish == nullptr) wish = job_->WishFor(key.shape, windows_ != nullptr, crowded_);
  // A rank that is alone has nothing to encode for.
  CommCodec* const codec = size() > 1 ? call.codec : nullptr;
  // All ranks know the codec and the hosts alike, and so choose alike; if they do not, the first header tells.
  const Choice choice =
      codec != nullptr
          ? ChooseEncodedAlgorithm(key.shape, call.algorithm, codec->codec().is_very_sparse())
          : ChooseAlgorithm(
                key.shape, wish,
                {.share_memory = windows_ != nullptr, .in_rank_order = NeedsRankOrder(call), .crowded = crowded_});
  if (codec != nullptr) key.codec = codec->number();
  key.shape.segment_bytes = choice.segment_bytes;
  key.algorithm_id = choice.algorithm->id;
  key.type = call.type;
  key.op = call.op;

  absl::StatusOr<PlanCache::Acquired> acquired = plans_.Acquire(key, [&]() -> absl::StatusOr<Plan> {
    Shape shape = key.shape;
    const OwnedBlocks blocks(shape.blocks, OwnedBlocks::Offsets::kWrittenOut);
    shape.blocks = blocks.ranks();
    if (windows_ != nullptr && choice.algorithm->window != nullptr) {
      const WindowProgram program = choice.algorithm->window(shape, rank_);
      // A vector that is too long for windows, with an algorithm for them by the user's wish, goes as messages.
      if (CheckWindowProgram(program, shape.element_bytes).empty()) {
        if (call.user_op != nullptr) {
          return Plan::CompileWindow(program, members_, rank_, call.type, call.user_op->shared_from_this());
        }
        return Plan::CompileWindow(program, members_, rank_, call.type, call.op);
      }
    }
    const auto build = [&] { return BuildPlaced(*choice.algorithm, shape, rank_, NeedsRankOrder(call)); };
    if (call.user_op != nullptr) {
      return Plan::Compile(build(), members_, call.type, call.user_op->shared_from_this());
    }
    return Plan::Compile(build(), members_, call.type, call.op, codec != nullptr ? codec->pair() : CodecPair{});
  });
  if (!acquired.ok()) return acquired.status();
  Operation& operation = *acquired->operation;
  if (acquired->first_use_of_plan) {
    if (!ConnectPeers(operation)) return HasFailed();
  }
  operation.user = {static_cast<std::byte*>(const_cast<void*>(call.send)), static_cast<std::byte*>(call.recv)};
  operation.scaling.count = 0;
  operation.bytes = key.shape.count * key.shape.element_bytes;
  if (call.scale != nullptr) ScaleFirst(operation, key.shape, *call.scale);
  if (call.fused_calls > 0) operation.user[0] = operation.user[1] = operation.OwnInput(operation.bytes);
  operation.index_base = 0;
  operation.signature = PackSignature({.collective = call.collective,
                                       .type = call.type,
                                       .op = call.op,
                                       .root = call.root,
                                       .count = call.count,
                                       .algorithm_id = choice.algorithm->id,
                                       .uneven = call.blocks != nullptr,
                                       .user_op = call.user_op != nullptr ? UserOpMark(call.user_op->fingerprint()) : 0,
                                       .fused_calls = call.fused_calls,
                                       .fused_lengths = call.fused_lengths});
  operation.completions = &completed_;
  operation.group = windows_.get();
  if (windows_ != nullptr && operation.track == nullptr) {
    // Not every rank knows how long uneven blocks are.
    operation.track = &windows_->TrackFor(key.shape.uneven() ? kAnyBytes : TotalBytes(key.shape));
  }
  operation.all_read_all = operation.plan().is_window() && !HasRoot(call.collective);
  Describe(operation, key);
  repeated_.Remember(call, plans_, operation);
  return &operation;
}

void Communicator::ScaleFirst(Operation& operation, const Shape& shape, double factor) {
  const uint64_t count = InputElements(shape, rank_);
  operation.scaling = {operation.user[0], count, factor};
  operation.user[0] = shape.in_place ? operation.user[1] : operation.OwnInput(count * shape.element_bytes);
}

bool Communicator::ConnectPeers(Operation& operation) {
  operation.connections.clear();
  absl::Status status = AppendConnections(operation.plan().peers(), &operation.connections);
  if (status.ok()) return true;
  // The other ranks may have started the operation already: they are told, so that they do not wait.
  operation.Release();
  job_->FailAndReport(
      FailureKind::kTransport, -1, channel_,
      absl::StrCat(job_->NameOf(members_[static_cast<size_t>(rank_)]), " cannot reach its peers: ", status.message()));
  return false;
}

absl::Status Communicator::AppendConnections(absl::Span<const int32_t> peers, std::vector<PeerConnection>* out) {
  absl::StatusOr<std::vector<PeerCard>> cards = job_->LookUp(peers);
  if (!cards.ok()) return cards.status();
  for (const PeerCard& card : *cards) {
    absl::StatusOr<PeerConnection> path = job_->PathTo(card);
    if (!path.ok()) return path.status();
    TUTTI_LOG(kDebug, job_->NameOf(card.rank), " is reached by ", job_->TransportName(path->transport));
    rails_[card.rank] = path->transport;
    out->push_back(*std::move(path));
  }
  return absl::OkStatus();
}

// All members see the same cards, and so decide alike.
void Communicator::LookForWindows() {
  looked_for_windows_ = true;
  if (size() < 2 || size() > kMaxWindowRanks) return;
  std::vector<int32_t> others;
  for (int32_t member : members_) {
    if (member != members_[static_cast<size_t>(rank_)]) others.push_back(member);
  }
  std::vector<PeerConnection> paths;
  // An error shows again, and is told, when the first operation connects its peers.
  if (!AppendConnections(others, &paths).ok()) return;
  WindowSource* source = job_->WindowsOf(paths[0].transport);
  if (source == nullptr) return;
  for (const PeerConnection& path : paths) {
    if (path.transport != paths[0].transport) return;
  }
  windows_ = std::make_unique<WindowGroup>(*source, channel_, members_, rank_);
}

// What telemetry calls it: once for each operation object.
void Communicator::Describe(Operation& operation, const PlanKey& key) {
  operation.first_run = operation.record == nullptr;
  if (!operation.first_run || !telemetry_.enabled()) return;
  const uint64_t bytes = key.shape.count * key.shape.element_bytes;
  operation.telemetry = &telemetry_;
  operation.trace = export_ != nullptr ? export_->trace() : nullptr;
  operation.label = {.collective = CallKindOf(key),
                     .algorithm = key.algorithm_id,
                     .peer = key.is_send || key.is_recv ? key.shape.root : -1,
                     .bytes = bytes};
  operation.record = telemetry_.RecordFor({.collective = CallKindOf(key),
                                           .algorithm = key.algorithm_id,
                                           .size_class = static_cast<uint8_t>(std::bit_width(bytes))});
  const auto rail_of = [this](int32_t job_rank) {
    const auto rail = rails_.find(job_rank);
    return rail != rails_.end() ? rail->second : StepKey::kNoRail;
  };
  if (operation.plan().is_window()) {
    operation.step_groups = StepGroupsOf(operation.plan(), telemetry_, rail_of);
  } else {
    operation.step_records = StepRecordsOf(operation.plan(), telemetry_, rail_of);
  }
}

}  // namespace tutti
