// SPDX-License-Identifier: Apache-2.0
#include "lib/connect/acceptor.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lib/base/log.h"
#include "lib/connect/socket.h"

namespace tutti::connect {
namespace {

constexpr int64_t kPauseNs = 50 * kNsPerMs;

}  // namespace

absl::Status Acceptor::Open(SocketAddress* address) {
  absl::StatusOr<UniqueFd> listener = Listen(address, options_);
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  slots_.resize(static_cast<size_t>(options_.max_half_open));
  if (!poller_.Add(listener_.get(), EPOLLIN, listener_tag_)) {
    return absl::ResourceExhaustedError("the kernel refuses to watch the listening socket");
  }
  listening_ = true;
  return absl::OkStatus();
}

void Acceptor::AcceptPending(int64_t now_ns) {
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    HalfOpen& half_open = slots_[slot];
    if (half_open.fd.valid()) continue;
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        TUTTI_LOG(kWarn, "cannot accept a connection: ", SocketErrorName(errno), "; trying again in 50 ms");
        resume_ns_ = now_ns + kPauseNs;
        break;
      }
      continue;  // that connection was gone before it was accepted; the slot stays free
    }
    TuneAccepted(fd.get(), options_);
    if (!poller_.Add(fd.get(), EPOLLIN, half_open_tag_ + slot)) continue;
    half_open.fd = std::move(fd);
    half_open.handshake = Handshake::Accept(self_);
    half_open.deadline_ns = DeadlineAfterNs(now_ns, options_.half_open_timeout_ns);
    ++num_half_open_;
  }
  poller_.Modify(listener_.get(), 0, listener_tag_);
  listening_ = false;
}

std::optional<Admitted> Acceptor::Advance(size_t slot) {
  if (slot >= slots_.size() || !slots_[slot].fd.valid()) return std::nullopt;
  HalfOpen& half_open = slots_[slot];
  switch (half_open.handshake->Advance(half_open.fd.get())) {
    case Handshake::Step::kWaiting:
      return std::nullopt;
    case Handshake::Step::kRefused:
      TUTTI_LOG(kDebug, "refused a connection: ", half_open.handshake->reason());
      Release(half_open);
      return std::nullopt;
    case Handshake::Step::kDone:
      break;
  }
  poller_.Remove(half_open.fd.get());
  Admitted admitted{std::move(half_open.fd), half_open.handshake->peer()};
  Release(half_open);
  return admitted;
}

void Acceptor::Release(HalfOpen& half_open) {
  half_open.fd.Reset();
  half_open.handshake.reset();
  --num_half_open_;
  if (!listening_ && resume_ns_ == 0) {
    poller_.Modify(listener_.get(), EPOLLIN, listener_tag_);
    listening_ = true;
  }
}

int64_t Acceptor::DropExpired(int64_t now_ns) {
  int64_t next_ns = kForeverNs;
  if (resume_ns_ != 0) {
    if (now_ns >= resume_ns_) {
      resume_ns_ = 0;
      if (num_half_open_ < slots_.size()) {
        poller_.Modify(listener_.get(), EPOLLIN, listener_tag_);
        listening_ = true;
      }
    } else {
      next_ns = resume_ns_;
    }
  }
  if (num_half_open_ == 0) return next_ns;
  for (HalfOpen& half_open : slots_) {
    if (!half_open.fd.valid()) continue;
    if (now_ns >= half_open.deadline_ns) {
      TUTTI_LOG(kDebug, "dropped a connection that did not prove itself in time");
      Release(half_open);
    } else {
      next_ns = std::min(next_ns, half_open.deadline_ns);
    }
  }
  return next_ns;
}

}  // namespace tutti::connect
