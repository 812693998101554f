// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/communicator.h"

#include <algorithm>
#include <bit>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "collectives/algorithms/placed.h"
#include "collectives/algorithms/registry.h"
#include "collectives/schedule/builder.h"
#include "collectives/schedule/window_program.h"
#include "collectives/select/select.h"
#include "lib/base/log.h"
#include "lib/comm/job.h"
#include "lib/comm/step_keys.h"
#include "lib/telemetry/overrun.h"

namespace tutti {
namespace {

// The arrival of an operation while telemetry is off.
constexpr int64_t kNotMeasured = INT64_MIN;

uint8_t CallKindOf(const PlanKey& key) {
  if (key.is_send) return kSendKind;
  return key.is_recv ? kRecvKind : static_cast<uint8_t>(key.shape.collective);
}

bool NeedsRankOrder(const CollectiveCall& call) { return call.user_op != nullptr && !call.user_op->traits().commutes; }

void SetBuffers(const CollectiveCall& call, Operation* operation) {
  operation->user = {static_cast<std::byte*>(const_cast<void*>(call.send)), static_cast<std::byte*>(call.recv)};
}

absl::Status HasFailed() { return absl::FailedPreconditionError("the communicator has failed"); }

// One send or receive as a schedule of one step, from the caller's buffer.
Schedule MessageSchedule(bool is_send, int peer, uint64_t count) {
  Schedule schedule;
  Step step;
  step.peer = peer;
  if (is_send) {
    step.kind = StepKind::kSend;
    step.num_sources = 1;
    schedule.sources.push_back(Input(0, count));
  } else {
    step.kind = StepKind::kRecv;
    step.dst = Output(0, count);
  }
  schedule.steps.push_back(step);
  return schedule;
}

}  // namespace

Communicator::Communicator(std::shared_ptr<Job> job, uint32_t channel, std::vector<int32_t> members, int rank)
    : job_(std::move(job)),
      channel_(channel),
      members_(std::move(members)),
      rank_(rank),
      levels_(job_->LevelsOf(members_)),
      crowded_(job_->IsCrowded(members_)),
      telemetry_(size()) {
  telemetry_.Enable(job_->options().telemetry);
  budget_.SetBudget(job_->options().budget_ns);
  if (job_->recorder() != nullptr) flight_channel_ = job_->recorder()->OpenChannel(channel_, rank_, size());
  export_ = CommExport::For(*this, *job_);
  job_->Register(*this);
}

absl::StatusOr<Operation*> Communicator::Make(const CollectiveCall& call) {
  const int64_t arrived_ns = ArrivalNs();
  absl::StatusOr<Operation*> operation = Bind(call);
  if (!operation.ok()) return operation.status();
  const absl::Status status = Enter(**operation, call, arrived_ns);
  if (status.ok()) return operation;
  (*operation)->Release();
  return status;
}

absl::StatusOr<Operation*> Communicator::Bind(const CollectiveCall& call) {
  if (outcome() != Outcome::kOk) return HasFailed();
  Operation* const again = latest_.Claim(call, plans_, telemetry_.enabled());
  if (again == nullptr) return BindAnew(call);
  SetBuffers(call, again);
  again->first_run = false;
  return again;
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
  SetBuffers(call, &operation);
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
  latest_.Remember(call, plans_, operation);
  return &operation;
}

absl::Status Communicator::Renew(Operation& operation, const CollectiveCall& call) {
  operation.first_run = false;
  return Enter(operation, call, ArrivalNs());
}

absl::Status Communicator::Enter(Operation& operation, const CollectiveCall& call, int64_t arrived_ns) {
  if (outcome() != Outcome::kOk) return HasFailed();
  if (call.codec != nullptr && size() > 1) {
    const absl::Status filled = FillCoded(operation, call);
    if (!filled.ok()) return filled;
  }
  operation.sequence = entered_.load(std::memory_order_relaxed);
  if (operation.plan().is_window()) {
    operation.window_base = operation.track->next_number;
    operation.track->next_number += operation.plan().num_publishes();
  }
  if (windows_ != nullptr) windows_->calls.Add(operation.signature);
  RememberCall(operation.sequence, operation.signature);
  entered_.store(operation.sequence + 1, std::memory_order_release);
  if (flight_channel_ != nullptr) flight_channel_->entered.store(operation.sequence + 1, std::memory_order_relaxed);
  operation.urgent = call.urgent;
  PrepareTiming(operation, arrived_ns, call.budget_ns);
  Prepare(operation, call.timeout_ns);
  return absl::OkStatus();
}

absl::Status Communicator::FillCoded(Operation& operation, const CollectiveCall& call) {
  CommCodec& codec = *call.codec;
  if (codec.MustTellCost()) TellCodecCost(codec);
  const uint64_t step = call.step != 0 ? call.step : entered_.load(std::memory_order_relaxed) + 1;
  const absl::Status filled =
      codec.Fill(call.tensor, step, call.type, call.count, operation.plan().result_elements(), &operation.coded);
  if (!filled.ok()) return filled;
  operation.coded.rank = rank_;
  // Inside hosts, messages tell nothing of the codec.
  if (!levels_.groups.empty()) operation.signature = WithCodes(operation.signature, operation.coded.header.Hash());
  return absl::OkStatus();
}

void Communicator::ScaleFirst(Operation& operation, const Shape& shape, double factor) {
  const uint64_t count = InputElements(shape, rank_);
  operation.scaling = {operation.user[0], count, factor};
  operation.user[0] = shape.in_place ? operation.user[1] : operation.OwnInput(count * shape.element_bytes);
}

void Communicator::TellCodecCost(const CommCodec& codec) const {
  const CodecTotals& totals = codec.totals();
  TUTTI_LOG(kWarn, "codec ", codec.codec().identity().ToString(), " costs more than it saves on ",
            job_->NameOf(members_[static_cast<size_t>(rank_)]), ", communicator ", channel_, ": in ",
            totals.operations.get(), " operations it took ", totals.coded.get() / 1000000, " ms, and saved about ",
            static_cast<int64_t>(totals.SavedNs() / 1e6), " ms of moving (", totals.sent_bytes.get(),
            " bytes instead of ", totals.raw_bytes.get(), "). Do without it on this path.");
}

absl::StatusOr<Operation*> Communicator::Make(const MessageCall& call) {
  const int64_t arrived_ns = ArrivalNs();
  if (outcome() != Outcome::kOk) return HasFailed();
  PlanKey key;
  key.is_send = call.is_send;
  key.is_recv = !call.is_send;
  key.shape.num_ranks = size();
  key.shape.root = call.peer;
  key.shape.count = call.count;
  key.shape.element_bytes = static_cast<uint32_t>(DataTypeBytes(call.type));
  key.type = call.type;

  absl::StatusOr<PlanCache::Acquired> acquired = plans_.Acquire(key, [&]() -> absl::StatusOr<Plan> {
    return Plan::Compile(MessageSchedule(call.is_send, call.peer, call.count), members_, call.type, ReduceOp::kSum);
  });
  if (!acquired.ok()) return acquired.status();
  Operation& operation = *acquired->operation;
  if (acquired->first_use_of_plan) {
    if (!ConnectPeers(operation)) return HasFailed();
  }

  std::byte* data = static_cast<std::byte*>(call.data);
  operation.user = {data, data};
  operation.index_base = MessageIndex(call.tag);
  operation.signature = PackSignature({.is_message = true, .type = call.type, .count = call.count});
  operation.sequence = (call.is_send ? sent_ : received_)[{call.peer, call.tag}]++;
  operation.completions = nullptr;
  operation.bytes = call.count * key.shape.element_bytes;
  operation.urgent = call.urgent;
  Describe(operation, key);
  PrepareTiming(operation, arrived_ns, call.budget_ns);
  Prepare(operation, call.timeout_ns);
  return &operation;
}

absl::StatusOr<Operation*> Communicator::Start(const CollectiveCall& call) {
  absl::StatusOr<Operation*> operation = Make(call);
  if (operation.ok()) job_->engine().Submit(**operation);
  return operation;
}

absl::StatusOr<Operation*> Communicator::Start(const MessageCall& call) {
  absl::StatusOr<Operation*> operation = Make(call);
  if (operation.ok()) job_->engine().Submit(**operation);
  return operation;
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

void Communicator::Prepare(Operation& operation, int64_t timeout_ns) {
  operation.channel = channel_;
  operation.owner = this;
  operation.job_ranks = members_.data();
  operation.flight_channel = flight_channel_;
  operation.timeout_ns = timeout_ns > 0 ? timeout_ns : job_->options().timeout_ns;
}

int64_t Communicator::ArrivalNs() {
  if (!telemetry_.enabled()) return kNotMeasured;
  return telemetry_.MayGoUnclocked(entered_.load(std::memory_order_relaxed)) ? Operation::kNoClockYet
                                                                             : job_->clock().NowNs();
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

const char* Communicator::RailName(uint8_t rail) const { return job_->TransportName(rail); }

void Communicator::PrepareTiming(Operation& operation, int64_t arrived_ns, int64_t budget_ns) {
  // A record is missing where telemetry was off when the operation was bound.
  operation.timed = arrived_ns != kNotMeasured && operation.record != nullptr;
  if (!operation.timed) return;
  operation.arrived_ns = arrived_ns;
  operation.budget_ns = budget_ns > 0 ? budget_ns : budget_.budget_ns();
  operation.rank = rank_;
}

absl::StatusOr<Operation*> Communicator::MakeFused(const CollectiveCall& call) {
  // Nobody waits for those of earlier groups, so nobody has given them back.
  const auto is_over = [](Operation* operation) {
    const bool over = operation->done();
    if (over) operation->Release();
    return over;
  };
  fused_.erase(std::remove_if(fused_.begin(), fused_.end(), is_over), fused_.end());
  absl::StatusOr<Operation*> operation = Make(call);
  if (operation.ok()) fused_.push_back(*operation);
  return operation;
}

Operation& Communicator::TakePart() {
  if (no_plan_ == nullptr) {
    no_plan_ = std::make_shared<const Plan>(*Plan::Compile(Schedule(), members_, DataType::kInt8, ReduceOp::kSum));
  }
  // Those that were taken first are given back first, as a rule.
  for (size_t i = 0; i < parts_.size(); ++i) {
    Operation& part = *parts_[next_part_++ % parts_.size()];
    if (part.TryAcquire()) return part;
  }
  parts_.push_back(std::make_unique<Operation>(no_plan_));
  Operation& part = *parts_.back();
  part.TryAcquire();
  part.owner = this;
  part.channel = channel_;
  return part;
}

void Communicator::MarkTelemetry() {
  if (export_ != nullptr) export_->BeforeMark();
  telemetry_.Mark();
}

void Communicator::TellOverrun(const Operation& operation) {
  const OperationTiming timing = operation.Timing();
  budget_.Tell(timing, operation.budget_ns, job_->clock().NowNs(), [&] {
    return DescribeOverrun(NameOf(operation), timing, operation.budget_ns, [this](int32_t rank) {
      const bool exists = static_cast<size_t>(rank) < members_.size();
      return exists ? job_->NameOf(members_[static_cast<size_t>(rank)]) : "a rank that does not exist";
    });
  });
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

absl::Status Communicator::RunAndWait(const CollectiveCall& call) {
  absl::StatusOr<Operation*> operation = Make(call);
  if (!operation.ok()) return operation.status();
  job_->engine().SubmitAndWait(**operation);
  const Outcome outcome = (*operation)->outcome();
  (*operation)->Release();
  return outcome == Outcome::kOk ? absl::OkStatus() : HasFailed();
}

// Hosts are told apart by what they call themselves, of which 64 bits of hash are enough.
absl::StatusOr<std::unique_ptr<Communicator>> Communicator::SplitByHost(HostSplit kind, int key) {
  struct Place {
    uint64_t host;
    int64_t kind;
  };
  const Place mine{job_->HostHash(), static_cast<int64_t>(kind)};
  std::vector<Place> all(members_.size());
  const absl::Status status = RunAndWait({.collective = Collective::kAllGather,
                                          .send = &mine,
                                          .recv = all.data(),
                                          .count = sizeof(Place) / sizeof(uint64_t),
                                          .type = DataType::kUint64});
  if (!status.ok()) return status;
  int first = -1;  // rank of this host
  int before = 0;  // ranks of this host that come before this one
  for (int r = 0; r < size(); ++r) {
    const Place& place = all[static_cast<size_t>(r)];
    if (place.kind != mine.kind) {
      return absl::InvalidArgumentError(
          absl::StrCat("rank ", r, " gave type ", place.kind, ", this one ", mine.kind, "; all must give the same"));
    }
    if (place.host != mine.host) continue;
    if (first < 0) first = r;
    if (r < rank_) ++before;
  }
  switch (kind) {
    case HostSplit::kHost:
      return Split(first, key);
    case HostSplit::kAcrossHosts:
      return Split(before, key);
    case HostSplit::kOnePerHost:
      return Split(before == 0 ? 0 : -1, key);
  }
  return absl::InternalError("there is no such way to split");
}

absl::StatusOr<std::unique_ptr<Communicator>> Communicator::Split(int color, int key) {
  struct Place {
    int32_t color;
    int32_t key;
    uint32_t channel;  // for the new communicator, if this rank turns out to be the first of its color
  };
  const Place mine{color, key, job_->channel_numbers().Take()};
  std::vector<Place> all(members_.size());
  const absl::Status status = RunAndWait({.collective = Collective::kAllGather,
                                          .send = &mine,
                                          .recv = all.data(),
                                          .count = sizeof(Place) / sizeof(int32_t),
                                          .type = DataType::kInt32});
  std::vector<int> group;
  for (int r = 0; status.ok() && r < size(); ++r) {
    if (all[static_cast<size_t>(r)].color == color) group.push_back(r);
  }
  if (color < 0 || group.empty() || group.front() != rank_) job_->channel_numbers().Return(mine.channel);
  if (!status.ok()) return status;
  if (color < 0) return nullptr;
  const int first = group.front();
  const uint32_t channel = all[static_cast<size_t>(first)].channel;
  if (channel == 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat(job_->NameOf(members_[static_cast<size_t>(first)]),
                     " has already been the first of as many communicators as a job of this size can tell apart"));
  }

  std::stable_sort(group.begin(), group.end(),
                   [&all](int a, int b) { return all[static_cast<size_t>(a)].key < all[static_cast<size_t>(b)].key; });
  std::vector<int32_t> group_members;
  int group_rank = -1;
  for (int r : group) {
    if (r == rank_) group_rank = static_cast<int>(group_members.size());
    group_members.push_back(members_[static_cast<size_t>(r)]);
  }
  return std::make_unique<Communicator>(job_, channel, std::move(group_members), group_rank);
}

}  // namespace tutti
