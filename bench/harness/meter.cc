// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/meter.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "bench/harness/jitter.h"

namespace tutti::bench {
namespace {

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void SpinFor(int64_t ns) {
  if (ns <= 0) return;
  const int64_t end = NowNs() + ns;
  while (NowNs() < end) {
  }
}

}  // namespace

Meter::Meter(Comm* comm, size_t max_bytes, const MeterSettings& settings)
    : comm_(comm),
      rank_(comm->rank()),
      ranks_(comm->size()),
      settings_(settings),
      send_(settings.shared_buffers ? Buffer(*comm, max_bytes) : Buffer(max_bytes)),
      recv_(settings.shared_buffers ? Buffer(*comm, max_bytes) : Buffer(max_bytes)),
      times_ns_(static_cast<size_t>(settings.iterations)) {
  SettleIn();
}

// Ranks that have just been started may be on one core until the kernel parts them, and then each call takes several times as
// long; that was seen to last for up to 20 ms.
void Meter::SettleIn() {
  constexpr int64_t kSettlingNs = 50'000'000;
  constexpr int kCallsPerLook = 20;
  const int64_t end = NowNs() + kSettlingNs;
  std::array<int32_t, 1> goes_on = {ranks_ > 1 ? 1 : 0};
  while (goes_on[0] != 0) {
    for (int i = 0; i < kCallsPerLook; ++i) comm_->Barrier();
    goes_on[0] = NowNs() < end ? 1 : 0;
    comm_->AllReduce(goes_on, TUTTI_MAX);
  }
}

size_t Meter::SendBytes(const Call& call) const {
  return call.operation->SendElements(call.count, ranks_) * tutti_dtype_size(call.dtype);
}

size_t Meter::RecvBytes(const Call& call) const {
  return call.operation->RecvElements(call.count, ranks_) * tutti_dtype_size(call.dtype);
}

Meter::Pointers Meter::Place(const Call& call, bool in_place) {
  if (!in_place) return {send_.data(), recv_.data()};
  // One buffer, as large as the larger of both; the smaller one is this rank's part of it.
  const size_t send_bytes = SendBytes(call);
  const size_t recv_bytes = RecvBytes(call);
  const size_t rank = static_cast<size_t>(rank_);
  const size_t send_offset = send_bytes < recv_bytes ? rank * send_bytes : 0;
  const size_t recv_offset = recv_bytes < send_bytes ? rank * recv_bytes : 0;
  return {recv_.data() + send_offset, recv_.data() + recv_offset};
}

Measurement Meter::Measure(const Call& call, bool in_place) {
  Measurement result;
  // A product that is multiplied again and again in place ends in numbers so small that the processor slows down; sums of
  // integers end in infinity or wrap, at full speed.
  const bool repeated_product = in_place && call.op == TUTTI_PROD;
  const TestData timed_data = Prepare(call, in_place, repeated_product ? TUTTI_SUM : call.op);
  const Pointers at = Place(call, in_place);
  TimeIterations(call, at, &result);

  if (settings_.checks > 0 && call.operation->moves_data) {
    if (!in_place) result.wrong += CountWrong(call, in_place, timed_data, at);
    for (int check = 0; check < settings_.checks; ++check) {
      const TestData data = Prepare(call, in_place, call.op);
      Run(call, at);
      result.wrong += CountWrong(call, in_place, data, at);
    }
    std::array<uint64_t, 1> wrong = {result.wrong};
    comm_->AllReduce(wrong, TUTTI_SUM);
    result.wrong = wrong[0];
  }
  return result;
}

void Meter::TimeIterations(const Call& call, const Pointers& at, Measurement* result) {
  for (int i = 0; i < settings_.warmup; ++i) Run(call, at);
  comm_->Barrier();
  comm_->Mark();
  int64_t total_ns = 0;
  int64_t start = NowNs();
  uint64_t iteration = 0;
  for (int64_t& time_ns : times_ns_) {
    if (settings_.sync) {
      comm_->Barrier();
      start = NowNs();
    }
    if (settings_.skew.kind != Skew::Kind::kNone) {
      SpinFor(settings_.skew.DelayNs(iteration++, rank_, ranks_));
      start = NowNs();
    }
    Run(call, at);
    const int64_t end = NowNs();
    time_ns = end - start;
    total_ns += time_ns;
    start = end;
  }

  if (rank_ == 0) result->jitter = AskTelemetry(*comm_);
  std::array<int64_t, 1> largest_total = {total_ns};
  comm_->AllReduce(largest_total, TUTTI_MAX);
  result->time_ns = static_cast<double>(largest_total[0]) / settings_.iterations;
  std::vector<int64_t> slowest(rank_ == 0 ? times_ns_.size() : 0);
  comm_->Reduce(times_ns_, slowest, TUTTI_MAX, 0);
  result->samples = Samples(std::move(slowest));
}

TestData Meter::Prepare(const Call& call, bool in_place, tutti_op_t values_for) {
  const TestData data = {call.dtype, call.operation->reduces, values_for, ranks_, next_seed_++};
  recv_.Poison(std::max(RecvBytes(call), in_place ? SendBytes(call) : 0));
  if (!in_place) send_.SetGuard(SendBytes(call));
  void* input = const_cast<void*>(Place(call, in_place).send);
  data.Fill(rank_, 0, call.operation->SendElements(call.count, ranks_), input);
  return data;
}

uint64_t Meter::CountWrong(const Call& call, bool in_place, const TestData& data, const Pointers& at) {
  const size_t count = call.count;
  const size_t element_bytes = tutti_dtype_size(call.dtype);
  const size_t rank = static_cast<size_t>(rank_);
  uint64_t wrong = 0;
  switch (call.operation->kind) {
    case Kind::kAllReduce:
      wrong = data.CountWrongResult(0, count, at.recv);
      break;
    case Kind::kBroadcast:
      wrong = data.CountWrongInput(call.root, 0, count, at.recv);
      break;
    case Kind::kReduce:
      if (rank_ == call.root) wrong = data.CountWrongResult(0, count, at.recv);
      break;
    case Kind::kScatter:
      wrong = data.CountWrongInput(call.root, rank * count, count, at.recv);
      break;
    case Kind::kGather:
    case Kind::kAllGather:
    case Kind::kAllToAll: {
      if (call.operation->kind == Kind::kGather && rank_ != call.root) break;
      const size_t first = call.operation->kind == Kind::kAllToAll ? rank * count : 0;
      for (int r = 0; r < ranks_; ++r) {
        const size_t offset = static_cast<size_t>(r) * count * element_bytes;
        wrong += data.CountWrongInput(r, first, count, static_cast<const unsigned char*>(at.recv) + offset);
      }
      break;
    }
    case Kind::kReduceScatter:
      wrong = data.CountWrongResult(rank * count, count, at.recv);
      break;
    case Kind::kSendRecv:
      wrong = data.CountWrongInput((rank_ + ranks_ - 1) % ranks_, 0, count, at.recv);
      break;
    case Kind::kBarrier:
      break;
  }
  // What was only to be read must be as it was, and nothing may be written beyond the ends.
  if (!in_place) {
    wrong += data.CountWrongInput(rank_, 0, call.operation->SendElements(count, ranks_), at.send);
    wrong += !send_.GuardIntact(SendBytes(call));
  }
  wrong += !recv_.GuardIntact(std::max(RecvBytes(call), in_place ? SendBytes(call) : 0));
  return wrong;
}

}  // namespace tutti::bench
