// SPDX-License-Identifier: Apache-2.0
#include "lib/connect/dialer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "lib/connect/socket.h"

namespace tutti::connect {
namespace {

constexpr int64_t kFirstPauseNs = 5 * kNsPerMs;
constexpr int64_t kLongestPauseNs = 250 * kNsPerMs;
constexpr int64_t kProbePauseNs = kNsPerSecond;

// However late this rank looks, it gives up only after so many tries: the time may have passed while it was busy
// elsewhere and did not look at all.
constexpr int kMinAttempts = 4;

}  // namespace

Dialer::Dialer(Purpose purpose, int32_t peer, const EndpointAddress& target, const SocketAddress& source,
               const ConnectOptions& options, const HandshakeIdentity& self, Poller& poller, uint64_t tag)
    : purpose_(purpose),
      peer_(peer),
      target_(target),
      source_(source),
      options_(options),
      self_(self),
      poller_(poller),
      tag_(tag),
      pause_ns_(kFirstPauseNs) {}

Dialer::Outcome Dialer::Start(int64_t now_ns) {
  give_up_ns_ = DeadlineAfterNs(now_ns, options_.connect_timeout_ns);
  if (purpose_ == Purpose::kJoin) return Attempt(now_ns);
  next_ns_ = now_ns + std::min(kProbePauseNs, options_.connect_timeout_ns / 2);
  return Outcome::kPending;
}

Dialer::Outcome Dialer::Attempt(int64_t now_ns) {
  absl::StatusOr<UniqueFd> fd = BeginConnect(source_, target_.socket, options_);
  if (!fd.ok()) return Retry(now_ns, std::string(fd.status().message()));
  if (!poller_.Add(fd->get(), EPOLLOUT, tag_)) return Retry(now_ns, "the kernel refuses to watch the connection");
  fd_ = *std::move(fd);
  phase_ = Phase::kConnecting;
  next_ns_ = give_up_ns_;
  return Outcome::kPending;
}

Dialer::Outcome Dialer::Retry(int64_t now_ns, std::string why) {
  fd_.Reset();
  handshake_.reset();
  phase_ = Phase::kPause;
  ++attempts_;
  if (now_ns >= give_up_ns_ && attempts_ >= kMinAttempts) {
    why_ = absl::StrFormat("cannot reach %s within %.1f s: %s", target_.socket.ToString(),
                           static_cast<double>(options_.connect_timeout_ns) / static_cast<double>(kNsPerSecond), why);
    return Outcome::kHopeless;
  }
  next_ns_ = now_ns + pause_ns_;
  pause_ns_ = std::min(2 * pause_ns_, kLongestPauseNs);
  return Outcome::kPending;
}

Dialer::Outcome Dialer::OnReady(int64_t now_ns) {
  if (phase_ == Phase::kPause) return Outcome::kPending;
  if (phase_ == Phase::kConnecting) {
    const int error = ConnectError(fd_.get());
    if (error != 0) return Retry(now_ns, SocketErrorName(error));
    if (purpose_ == Purpose::kProbe) {
      // Somebody listens there. The peer connects when it comes to it, which may be much later.
      fd_.Reset();
      phase_ = Phase::kPause;
      attempts_ = 0;
      pause_ns_ = kFirstPauseNs;
      give_up_ns_ = DeadlineAfterNs(now_ns, options_.connect_timeout_ns);
      next_ns_ = now_ns + kProbePauseNs;
      return Outcome::kPending;
    }
    // From here on the peer's kernel answers, and the peer may be busy for long: the operation's deadline bounds that.
    // If it dies, its kernel closes the connection.
    phase_ = Phase::kProving;
    next_ns_ = kForeverNs;
    poller_.Modify(fd_.get(), EPOLLIN, tag_);
    handshake_ = Handshake::Initiate(self_, peer_, target_.endpoint);
  }
  switch (handshake_->Advance(fd_.get())) {
    case Handshake::Step::kWaiting:
      return Outcome::kPending;
    case Handshake::Step::kRefused:
      return Retry(now_ns, handshake_->reason());
    case Handshake::Step::kDone:
      break;
  }
  poller_.Remove(fd_.get());
  return Outcome::kConnected;
}

Dialer::Outcome Dialer::OnTime(int64_t now_ns) {
  if (now_ns < next_ns_) return Outcome::kPending;
  if (phase_ == Phase::kPause) return Attempt(now_ns);
  if (phase_ == Phase::kConnecting) {
    attempts_ = std::max(attempts_, kMinAttempts);
    return Retry(now_ns, "no answer");
  }
  return Outcome::kPending;
}

Admitted Dialer::TakeConnection() { return Admitted{std::move(fd_), handshake_->peer()}; }

}  // namespace tutti::connect
