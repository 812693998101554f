// SPDX-License-Identifier: Apache-2.0
#include "collectives/simulate/simulator.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tutti::simulate {
namespace {

constexpr uint32_t kNoStep = ~uint32_t{0};

int64_t Scaled(uint64_t bytes, double ps_per_byte) {
  return static_cast<int64_t>(static_cast<double>(bytes) * ps_per_byte + 0.5);
}

}  // namespace

Simulator::Simulator(const Workload& workload, const Cluster& cluster)
    : workload_(workload), cluster_(cluster), cores_(cluster.spec().cores_per_host) {
  std::vector<uint64_t> memory(static_cast<size_t>(cluster.num_hosts()));
  for (int r = 0; r < workload.num_ranks(); ++r) memory[static_cast<size_t>(cluster.HostOf(r))] += workload.MemoryOf(r);
  const Uncached& uncached = cluster.spec().costs.uncached;
  for (const uint64_t bytes : memory) uncached_share_.push_back(uncached.ShareOf(bytes));
}

void Simulator::Push(int64_t time_ps, uint32_t step, What what) {
  events_.push({time_ps, uint64_t{step} << 2 | static_cast<uint64_t>(what)});
}

void Simulator::Start(uint64_t seed, uint64_t trial) {
  const size_t ranks = static_cast<size_t>(cluster_.num_ranks());
  steps_.assign(workload_.num_steps(), StepState());
  rank_free_ps_.assign(ranks, 0);
  rank_last_step_.assign(ranks, kNoStep);
  rank_end_ps_.assign(ranks, 0);
  cores_of_host_.assign(static_cast<size_t>(cores_) * static_cast<size_t>(cluster_.num_hosts()), Core());
  link_free_ps_.assign(cluster_.links().size(), 0);
  if (trace_ != nullptr) {
    trace_->steps.assign(workload_.num_steps(), StepTrace());
    trace_->links.assign(cluster_.links().size(), LinkLoad());
  }
  random_.clear();
  const ClusterSpec& spec = cluster_.spec();
  for (size_t r = 0; r < ranks; ++r) {
    Prng& random = random_.emplace_back(seed, trial << 32 | r);
    rank_free_ps_[r] = spec.costs.call_ps + spec.arrival.Draw(random);
  }
  for (const LateRank& late : spec.late) rank_free_ps_[static_cast<size_t>(late.rank)] += late.by_ps;
  rank_end_ps_ = rank_free_ps_;
  for (uint32_t i = 0; i < workload_.num_steps(); ++i) {
    const WorkStep& step = workload_.steps()[i];
    steps_[i].left = step.num_dependencies;
    steps_[i].ready_ps = rank_free_ps_[static_cast<size_t>(step.rank)];
  }
  for (uint32_t i = 0; i < workload_.num_steps(); ++i) {
    if (steps_[i].left == 0) OnReady(i);
  }
}

int64_t Simulator::Run(uint64_t seed, uint64_t trial, Trace* trace, std::vector<int64_t>* by_rank) {
  trace_ = trace;
  Start(seed, trial);
  while (!events_.empty()) {
    const Event event = events_.top();
    events_.pop();
    const uint32_t step = static_cast<uint32_t>(event.key >> 2);
    switch (static_cast<What>(event.key & 3)) {
      case What::kBegin:
        Begin(step, event.time_ps);
        break;
      case What::kInject:
        Inject(step, event.time_ps);
        break;
      case What::kTransfer:
        Transfer(step, event.time_ps);
        break;
    }
  }
  if (by_rank != nullptr) *by_rank = rank_end_ps_;
  return *std::max_element(rank_end_ps_.begin(), rank_end_ps_.end());
}

bool Simulator::NeedsAsking(const WorkStep& step, PathClass path) const {
  return step.bytes > cluster_.CostOf(path).eager_bytes;
}

// Its dependencies are done at ready_ps.
void Simulator::OnReady(uint32_t i) {
  const WorkStep& step = workload_.steps()[i];
  StepState& state = steps_[i];
  if (!IsReceive(step)) return Push(state.ready_ps, i, What::kBegin);
  if (state.has_message) {
    if (state.message_ps > state.ready_ps) {
      state.cause = Cause::kMessage;
      state.before = step.match;
    }
    return Push(std::max(state.ready_ps, state.message_ps), i, What::kBegin);
  }
  // A long message's sender may be waiting for this.
  StepState& send = steps_[step.match];
  if (send.has_message) {
    const int64_t latency = cluster_.CostOf(cluster_.PathOf(step.peer, step.rank).path_class).latency_ps;
    Push(std::max(send.message_ps + latency, state.ready_ps) + latency, step.match, What::kTransfer);
  }
}

int64_t Simulator::WorkPs(const WorkStep& step) const {
  const Costs& costs = cluster_.spec().costs;
  const double share = uncached_share_[static_cast<size_t>(cluster_.HostOf(step.rank))];
  const auto slowed = [share](double ps_per_byte, double uncached) {
    return ps_per_byte * (1 + share * (uncached - 1));
  };
  const double reduce_ps_per_byte = slowed(costs.reduce_ps_per_byte, costs.uncached.reduce);
  int64_t work = 0;
  switch (step.kind) {
    case StepKind::kSend: {
      const PathCost& path = cluster_.CostOf(cluster_.PathOf(step.rank, step.peer).path_class);
      work = path.send_ps + Scaled(step.bytes, slowed(path.send_ps_per_byte, costs.uncached.messages));
      break;
    }
    case StepKind::kRecv:
    case StepKind::kRecvReduce: {
      const PathCost& path = cluster_.CostOf(cluster_.PathOf(step.peer, step.rank).path_class);
      work = path.receive_ps + Scaled(step.bytes, slowed(path.receive_ps_per_byte, costs.uncached.messages));
      work += Scaled(step.operand_bytes, reduce_ps_per_byte);
      break;
    }
    case StepKind::kReduce:
      work = Scaled(step.operand_bytes, reduce_ps_per_byte);
      break;
    case StepKind::kCopy:
      work = Scaled(step.bytes, slowed(costs.copy_ps_per_byte, costs.uncached.copy));
      break;
    case StepKind::kEncode:
      work = Scaled(step.bytes, costs.codec.encode_ps_per_byte);
      break;
    case StepKind::kDecode:
      work = Scaled(step.bytes, costs.codec.decode_ps_per_byte);
      break;
    case StepKind::kDecodeReduce:
      work = Scaled(step.bytes, costs.codec.decode_reduce_ps_per_byte);
      break;
  }
  const double slowness = cluster_.SlownessOf(cluster_.HostOf(step.rank));
  return slowness == 1 ? work : static_cast<int64_t>(static_cast<double>(work) * slowness + 0.5);
}

// Finds the time on a processor, and who had it before.
void Simulator::Occupy(uint32_t i, int64_t now_ps, int64_t work_ps, int64_t noise_ps, int64_t* end_ps) {
  const WorkStep& step = workload_.steps()[i];
  const size_t rank = static_cast<size_t>(step.rank);
  StepState& state = steps_[i];
  int64_t start = now_ps;
  if (rank_free_ps_[rank] > start && rank_last_step_[rank] != kNoStep) {
    start = rank_free_ps_[rank];
    state.cause = Cause::kProcessor;
    state.before = rank_last_step_[rank];
  }
  Core* core = nullptr;
  if (cores_ > 0) {
    // The core it was on if that is free, else the one that is free first.
    Core* const first = &cores_of_host_[static_cast<size_t>(cluster_.HostOf(step.rank)) * static_cast<size_t>(cores_)];
    core = std::min_element(first, first + cores_, [&](const Core& a, const Core& b) {
      const auto order = [&](const Core& c) { return std::pair(std::max(c.free_ps, start), c.rank != step.rank); };
      return order(a) < order(b);
    });
    if (core->free_ps > start) {
      start = core->free_ps;
      state.cause = Cause::kProcessor;
      state.before = core->last_step;
    }
    if (core->rank != step.rank && core->rank >= 0) work_ps += cluster_.spec().switch_ps;
    core->free_ps = start + work_ps + noise_ps;
    core->rank = step.rank;
    core->last_step = i;
  }
  *end_ps = start + work_ps + noise_ps;
  rank_free_ps_[rank] = *end_ps;
  rank_last_step_[rank] = i;
  if (trace_ == nullptr) return;
  StepTrace& trace = trace_->steps[i];
  trace.start_ps = start;
  trace.end_ps = *end_ps;
  trace.noise_ps = noise_ps;
  trace.cause = state.cause;
  trace.before = state.before;
}

void Simulator::Begin(uint32_t i, int64_t now_ps) {
  const WorkStep& step = workload_.steps()[i];
  const int64_t noise = cluster_.spec().costs.noise.Draw(random_[static_cast<size_t>(step.rank)]);
  int64_t end = 0;
  Occupy(i, now_ps, WorkPs(step), noise, &end);
  if (IsSend(step)) return Push(end, i, What::kInject);
  Finish(i, end);
}

// The sender's processor has done its part.
void Simulator::Inject(uint32_t i, int64_t now_ps) {
  const WorkStep& step = workload_.steps()[i];
  const PathClass path = cluster_.PathOf(step.rank, step.peer).path_class;
  if (!NeedsAsking(step, path)) return Transfer(i, now_ps);
  StepState& send = steps_[i];
  send.has_message = true;
  send.message_ps = now_ps;
  const StepState& receive = steps_[step.match];
  if (receive.left == 0) {
    const int64_t latency = cluster_.CostOf(path).latency_ps;
    Push(std::max(now_ps + latency, receive.ready_ps) + latency, i, What::kTransfer);
  }
}

// When a link that is asked from from_ps on has carried so many bytes; *begin_ps: when it began.
int64_t Simulator::PassLink(uint32_t id, int64_t from_ps, int64_t gap_ps, uint64_t bytes, int64_t* begin_ps) {
  const Link& link = cluster_.links()[id];
  int64_t begin = std::max(from_ps, link_free_ps_[id]);
  if (begin >= link.down_from_ps && begin < link.down_until_ps) begin = link.down_until_ps;
  const int64_t busy = gap_ps + Scaled(bytes, link.ps_per_byte);
  int64_t end = begin + busy;
  if (begin < link.down_from_ps && end > link.down_from_ps) end += link.down_until_ps - link.down_from_ps;
  link_free_ps_[id] = end;
  *begin_ps = begin;
  if (trace_ != nullptr) {
    LinkLoad& load = trace_->links[id];
    load.busy_ps += busy;
    load.waited_ps += begin - from_ps;
    load.bytes += bytes;
    ++load.messages;
  }
  return end;
}

// The message goes its way.
void Simulator::Transfer(uint32_t i, int64_t now_ps) {
  const WorkStep& step = workload_.steps()[i];
  const Path path = cluster_.PathOf(step.rank, step.peer);
  const PathCost& cost = cluster_.CostOf(path.path_class);
  int64_t head = now_ps;  // its first byte
  int64_t tail = now_ps;  // its last one
  int64_t sent = now_ps;
  for (int k = 0; k < path.num_links; ++k) {
    tail = std::max(tail, PassLink(path.links[static_cast<size_t>(k)], head, cost.gap_ps, step.bytes, &head));
    if (k == 0) sent = tail;
  }
  const int64_t arrival = tail + cost.latency_ps;
  if (trace_ != nullptr) {
    StepTrace& trace = trace_->steps[i];
    trace.arrival_ps = arrival;
    trace.queued_ps = head - trace.end_ps;
  }
  const uint32_t match = step.match;
  steps_[match].message_ps = arrival;
  steps_[match].has_message = true;
  if (steps_[match].left == 0) OnReady(match);
  Finish(i, sent);
}

// The step is over at end_ps, which may be later than now.
void Simulator::Finish(uint32_t i, int64_t end_ps) {
  int64_t& rank_end = rank_end_ps_[static_cast<size_t>(workload_.steps()[i].rank)];
  rank_end = std::max(rank_end, end_ps);
  for (const uint32_t next : workload_.SuccessorsOf(i)) {
    StepState& state = steps_[next];
    if (end_ps >= state.ready_ps) {
      state.ready_ps = end_ps;
      state.cause = Cause::kStep;
      state.before = i;
    }
    if (--state.left == 0) OnReady(next);
  }
}

}  // namespace tutti::simulate
