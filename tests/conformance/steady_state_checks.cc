// SPDX-License-Identifier: Apache-2.0
// Promise 8: once it runs, a transport asks for no more memory. A loop of its own: the Exchange's notes would
// be counted.
#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"

#include "allocation_count.h"
#include "checks.h"
#include "lib/base/clock.h"

namespace tutti::conformance {
namespace {

constexpr size_t kLengths = 5;
constexpr int kWarmRounds = 400;
constexpr int kCountedRounds = 400;
constexpr int64_t kRoundTimeoutNs = 15 * kNsPerSecond;

class PingPong {
 public:
  explicit PingPong(ConformanceFixture& fixture) : fixture_(fixture) {
    const uint64_t eager = fixture.endpoint(0).capabilities().eager_bytes;
    lengths_ = {0, 8, eager, eager + 1, 10 * eager + 1000};
    const uint64_t longest = *std::max_element(lengths_.begin(), lengths_.end());
    data_.resize(longest);
    for (auto& of_rank : received_) of_rank.assign(kLengths, std::vector<std::byte>(longest));
  }

  // Every length both ways, into buffers and by view, in every second round sent before their receives are posted.
  // False: it did not end in time.
  bool Round() {
    const bool sends_first = sequence_ % 2 == 1;
    for (int32_t rank : {0, 1}) {
      if (!sends_first) PostRecvs(rank);
      PostSends(rank);
    }
    if (sends_first) {
      Turn();
      for (int32_t rank : {0, 1}) PostRecvs(rank);
    }
    ++sequence_;
    expected_ += 2 * 2 * kLengths;
    const int64_t deadline_ns = MonotonicClock().NowNs() + kRoundTimeoutNs;
    while (completed_ < expected_) {
      if (!Turn() && !fixture_.Step() && !Turn()) return false;
      if (MonotonicClock().NowNs() > deadline_ns) return false;
    }
    return true;
  }

 private:
  MessageId IdOf(size_t i) const { return {0, static_cast<uint32_t>(i), sequence_}; }

  void PostSends(int32_t rank) {
    std::array<SendRequest, kLengths> sends;
    for (size_t i = 0; i < kLengths; ++i) sends[i] = {1 - rank, IdOf(i), 1, data_.data(), lengths_[i], i};
    fixture_.endpoint(rank).PostSends(sends);
  }

  void PostRecvs(int32_t rank) {
    std::array<RecvRequest, kLengths> recvs;
    for (size_t i = 0; i < kLengths; ++i) {
      const bool by_view = (i + sequence_ / 2) % 2 == 0;
      void* data = by_view ? nullptr : received_[static_cast<size_t>(rank)][i].data();
      recvs[i] = {1 - rank, IdOf(i), 1, data, lengths_[i], i};
    }
    fixture_.endpoint(rank).PostRecvs(recvs);
  }

  bool Turn() {
    bool moved = false;
    for (int32_t rank : {0, 1}) {
      const size_t count = fixture_.endpoint(rank).Poll(absl::MakeSpan(completions_));
      moved |= count > 0;
      for (size_t i = 0; i < count; ++i) {
        const Completion& done = completions_[i];
        const bool more_follows =
            done.kind == CompletionKind::kRecvView && done.view_offset + done.bytes < lengths_[done.context % kLengths];
        if (!more_follows) ++completed_;
      }
    }
    return moved;
  }

  ConformanceFixture& fixture_;
  std::array<uint64_t, kLengths> lengths_ = {};
  std::vector<std::byte> data_;
  std::array<std::vector<std::vector<std::byte>>, 2> received_;
  std::array<Completion, 16> completions_;
  uint64_t sequence_ = 0;
  uint64_t expected_ = 0;
  uint64_t completed_ = 0;
};

absl::Status NothingIsAllocatedInSteadyState(ConformanceFixture& fixture) {
  if (!fixture.allocations_are_countable()) return absl::UnimplementedError("this fixture allocates, too");
  for (int32_t rank : {0, 1}) {
    CONFORMANCE_RETURN_IF_ERROR(fixture.endpoint(rank).Connect(1 - rank, fixture.endpoint(1 - rank).Address()));
  }
  PingPong ping_pong(fixture);
  for (int round = 0; round < kWarmRounds; ++round) {
    if (!ping_pong.Round()) return absl::DeadlineExceededError(absl::StrCat("round ", round, " did not end"));
  }
  const uint64_t before = AllocationCount();
  for (int round = 0; round < kCountedRounds; ++round) {
    if (!ping_pong.Round()) return absl::DeadlineExceededError(absl::StrCat("counted round ", round, " did not end"));
  }
  const uint64_t allocations = AllocationCount() - before;
  return Require(allocations == 0, absl::StrCat(allocations, " allocations in ", kCountedRounds, " rounds of ",
                                                2 * kLengths, " messages, after ", kWarmRounds, " rounds like them"));
}

}  // namespace

std::vector<NamedCheck> SteadyStateChecks() {
  return {{"NothingIsAllocatedInSteadyState", 8, 2, NothingIsAllocatedInSteadyState}};
}

}  // namespace tutti::conformance
