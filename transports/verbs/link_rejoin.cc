// SPDX-License-Identifier: Apache-2.0
// A rail that both ends have left is joined again, as often as it takes: the lower rank asks (REJOIN, with a new queue
// pair), the other end answers in kind, both join the two (JOINED) and probe (PROBED), as at the beginning. Of the last
// rail at once: until then nothing moves, and if it does not succeed soon the link fails. Of one of several after a while,
// and again after twice that.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "transports/verbs/link.h"
#include "transports/verbs/retry_time.h"

namespace tutti::verbs {
namespace {

constexpr int64_t kFirstTryNs = 1 * kNsPerSecond;
constexpr int64_t kLastTryNs = 60 * kNsPerSecond;

// Twice what a device needs to call a path lost: once for a probe, once for the notices before it, which go over TCP.
int64_t StallNs(const PortOptions& options) { return 2 * RetryTimeOf(options).least_ns; }

}  // namespace

// The rail that frames went over is lost, and there is no other.
void Link::Stall() {
  if (IsStalled()) return;
  if ((down_ & ~lasting_) == 0) {
    Fail(absl::StrCat(lost_because_, WaitingSentence()));
    return;
  }
  stalled_until_ns_ = context_.clock.NowNs() + StallNs(context_.options.port);
  ++context_.num_stalled;
}

// Both ends have left what they have lost: the lower rank takes care that it comes back.
void Link::MissRails() {
  if (!is_leader() || (down_ & ~lasting_) == 0) return;
  if (!std::exchange(misses_rails_, true)) ++context_.num_missing_rails;
  const int64_t now_ns = context_.clock.NowNs();
  rejoin_after_ns_ = kFirstTryNs;
  rejoin_at_ns_ = IsStalled() ? now_ns : now_ns + rejoin_after_ns_;
  CheckLostRails(now_ns);
}

void Link::CheckLostRails(int64_t now_ns) {
  if (IsStalled() && now_ns > stalled_until_ns_) {
    Fail(absl::StrCat(lost_because_, "; no new queue pair came through within ",
                      StallNs(context_.options.port) / kNsPerMs, " ms", WaitingSentence()));
    return;
  }
  if (!misses_rails_ || now_ns < rejoin_at_ns_) return;
  rejoin_after_ns_ = std::min(2 * rejoin_after_ns_, kLastTryNs);
  rejoin_at_ns_ = now_ns + rejoin_after_ns_;
  for (uint32_t rail = 0; rail < num_rails_ && state_ == State::kOpen; ++rail) {
    if ((down_ & peer_down_ & ~lasting_ & ~rejoining_ & BitOf(rail)) != 0) Rejoin(rail);
  }
}

// This end's part: a new queue pair, and word of it.
void Link::Rejoin(uint32_t rail) {
  Path& path = paths_[rail];
  DropPath(path, rail, [](const Pair::Note&) {});  // of the last attempt
  ++path.joining;
  path.is_joined = path.peer_is_joined = false;
  for (uint32_t* rails : {&probed_, &failed_, &peer_probed_, &peer_failed_}) *rails &= ~BitOf(rail);
  rejoining_ |= BitOf(rail);
  if ((lasting_ & BitOf(rail)) != 0) {
    OnProbed(rail, false, "its device refuses to work");
    return;
  }
  auto pair = MakePair({.rail = rail}, &path.handle);
  if (!pair.ok()) {
    OnProbed(rail, false, pair.status().message());
    return;
  }
  path.pair = *std::move(pair);
  Notice notice;
  notice.kind = NoticeKind::kRejoin;
  notice.rail = rail;
  notice.joining = path.joining;
  notice.hello.rails[0] = IntroductionOf(rail);
  notices_.Say(notice);
}

void Link::OnRejoin(const Notice& notice) {
  if (state_ != State::kOpen) return;
  const uint32_t rail = notice.rail;
  const uint32_t bit = BitOf(rail);
  Path& path = paths_[rail];
  if ((down_ & peer_down_ & bit) == 0 || (!is_leader() && notice.joining <= path.joining)) {
    (void)BreakOff("a new queue pair for a rail that is not lost");
    return;
  }
  if (!is_leader()) {
    path.joining = notice.joining - 1;
    Rejoin(rail);
  }
  if ((rejoining_ & bit) == 0 || notice.joining != path.joining) return;  // an attempt that was given up
  remote_.rails[rail] = notice.hello.rails[0];
  const absl::Status status =
      path.pair->Connect(*context_.rails[rail]->device, context_.options.port, remote_.rails[rail].pair);
  if (!status.ok()) {
    OnProbed(rail, false, status.message());
    return;
  }
  path.is_joined = true;
  Notice joined;
  joined.kind = NoticeKind::kJoined;
  joined.rail = rail;
  joined.joining = path.joining;
  notices_.Say(joined);
  if (path.peer_is_joined) Probe(rail);
}

// The peer has joined its new queue pair with this end's.
void Link::OnRejoined(const Notice& notice) {
  Path& path = paths_[notice.rail];
  if (state_ != State::kOpen || (rejoining_ & BitOf(notice.rail)) == 0 || notice.joining != path.joining) return;
  path.peer_is_joined = true;
  if (path.is_joined) Probe(notice.rail);
}

// One of the two probes of a rail has ended.
void Link::SettleRejoining(uint32_t rail) {
  const uint32_t bit = BitOf(rail);
  if (state_ != State::kOpen) return;
  if ((rejoining_ & (failed_ | peer_failed_) & bit) != 0) {
    rejoining_ &= ~bit;
    if (IsStalled() && rejoining_ == 0 && UpRails() == 0) {
      Fail(absl::StrCat(lost_because_, "; a new queue pair did not come through either", WaitingSentence()));
    }
    return;
  }
  if ((rejoining_ & probed_ & peer_probed_ & bit) != 0) {
    rejoining_ &= ~bit;
    down_ &= ~bit;
    peer_down_ &= ~bit;
    if (misses_rails_ && (down_ & ~lasting_) == 0) {
      misses_rails_ = false;
      --context_.num_missing_rails;
    }
    ++context_.counters.rails_rejoined;
    context_.retry_waiters = true;
    TUTTI_LOG(kInfo, "an RDMA rail to rank ", peer_, " is back: ", context_.rails[rail]->device->name);
  }
  if (!IsStalled() || !is_leader() || (UpRails() & bit) == 0) return;
  Notice notice;
  notice.kind = NoticeKind::kStart;
  notice.rail = rail;
  notices_.Say(notice);
  GoOn(rail);
}

// Messages go on over the rail.
void Link::GoOn(uint32_t rail) {
  if (!AddSlots(rail)) return;
  frame_rail_ = rail;
  stalled_until_ns_ = 0;
  --context_.num_stalled;
  BeUpset();
}

}  // namespace tutti::verbs
