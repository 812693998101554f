// SPDX-License-Identifier: Apache-2.0
// One turn of the transport, and how it sleeps. The lists hold ranks rather than links, and each link knows in which
// lists it is, so that noting a wish twice costs nothing.
#include <algorithm>

#include "transports/tcp/tags.h"
#include "transports/tcp/tcp_transport.h"

namespace tutti::tcp {
namespace {

// Up to so many connections are read and written without asking epoll first.
constexpr size_t kMaxDirect = 4;
// Then epoll is asked about all others once in so many polls.
constexpr int kPollsPerCheck = 64;

}  // namespace

void TcpTransport::Note(Link& link, int32_t peer) {
  if (!link.in_dirty_list && !link.in_blocked_list && link.has_frames()) {
    link.in_dirty_list = true;
    dirty_.push_back(peer);
  }
  if (!link.in_expecting_list && link.expects_input()) {
    link.in_expecting_list = true;
    expecting_.push_back(peer);
  }
}

size_t TcpTransport::Poll(absl::Span<Completion> out) {
  ++context_.poll_number;
  context_.completions.Begin(out);
  WakePaced();
  const bool writes = !dirty_.empty();
  WriteDirty();
  ReadAgain();
  const size_t num_direct = expecting_.size() + blocked_.size();
  const bool connecting = num_dialing_ > 0 || acceptor_.needs_time();
  // A poll that only had to write need not ask for what nobody waits for.
  const bool idle = num_direct == 0 && !writes;
  if (connecting || idle || num_direct > kMaxDirect || ++polls_since_check_ >= kPollsPerCheck) {
    polls_since_check_ = 0;
    CheckEvents();
    KeepTime();
  } else {
    ReadExpecting();
    scratch_.assign(blocked_.begin(), blocked_.end());
    for (const int32_t peer : scratch_) WriteOne(peer);
  }
  WriteDirty();
  return context_.completions.End();
}

// A paced link that has to wait leaves the list of those that have something to write until it may.
void TcpTransport::WakePaced() {
  if (!context_.pacer.limits()) return;
  context_.now_ns = clock_.NowNs();
  if (paced_.empty() || !context_.pacer.MayWrite(context_.now_ns, true)) return;
  // They take turns: whoever comes first may use up all there is.
  std::rotate(paced_.begin(), paced_.begin() + 1, paced_.end());
  for (const int32_t peer : paced_) peers_[static_cast<size_t>(peer)].link->in_dirty_list = false;
  scratch_.swap(paced_);
  paced_.clear();
  for (const int32_t peer : scratch_) Note(*peers_[static_cast<size_t>(peer)].link, peer);
}

void TcpTransport::WriteDirty() {
  if (dirty_.empty()) return;
  scratch_.swap(dirty_);
  dirty_.clear();
  for (const int32_t peer : scratch_) {
    peers_[static_cast<size_t>(peer)].link->in_dirty_list = false;
    WriteOne(peer);
  }
}

void TcpTransport::WriteOne(int32_t peer) {
  Link& link = *peers_[static_cast<size_t>(peer)].link;
  const SendQueue::Result result = link.Write();
  if (result == SendQueue::Result::kPaced && !link.in_dirty_list) {
    link.in_dirty_list = true;  // in the other list, until WakePaced
    paced_.push_back(peer);
  }
  const bool blocked = result == SendQueue::Result::kBlocked;
  if (blocked && !link.in_blocked_list) {
    link.in_blocked_list = true;
    blocked_.push_back(peer);
  } else if (!blocked && link.in_blocked_list) {
    link.in_blocked_list = false;
    std::erase(blocked_, peer);
    if (link.write_armed && link.fd() >= 0) {
      ++context_.counters.system_calls;
      poller_.Modify(link.fd(), EPOLLIN, kLinkTag + static_cast<uint64_t>(peer));
    }
    link.write_armed = false;
  }
  if (result == SendQueue::Result::kFailed && !link.in_again_list) {
    link.in_again_list = true;  // to read what the peer still sent, and find the end
    again_.push_back(peer);
  }
  Note(link, peer);
}

void TcpTransport::ReadOne(int32_t peer) {
  Link& link = *peers_[static_cast<size_t>(peer)].link;
  const Link::ReceiveResult result = link.Receive();
  if (result == Link::ReceiveResult::kMore && !link.in_again_list) {
    link.in_again_list = true;
    again_.push_back(peer);
  }
  Note(link, peer);
}

void TcpTransport::ReadAgain() {
  if (again_.empty()) return;
  scratch_.swap(again_);
  again_.clear();
  for (const int32_t peer : scratch_) {
    peers_[static_cast<size_t>(peer)].link->in_again_list = false;
    ReadOne(peer);
  }
}

void TcpTransport::ReadExpecting() {
  for (size_t i = 0; i < expecting_.size();) {
    const int32_t peer = expecting_[i];
    Link& link = *peers_[static_cast<size_t>(peer)].link;
    // One that ReadAgain has just stopped again gets its next turn in the next poll.
    if (link.expects_input() && !link.in_again_list) ReadOne(peer);
    if (link.expects_input()) {
      ++i;
      continue;
    }
    link.in_expecting_list = false;
    expecting_[i] = expecting_.back();
    expecting_.pop_back();
  }
  // Whoever comes first may fill the caller's array: let it be another one next time.
  if (expecting_.size() > 1) std::rotate(expecting_.begin(), expecting_.begin() + 1, expecting_.end());
}

void TcpTransport::CheckEvents() {
  // Links that want nothing any more leave the list here, too.
  std::erase_if(expecting_, [this](int32_t peer) {
    Link& link = *peers_[static_cast<size_t>(peer)].link;
    link.in_expecting_list = link.expects_input();
    return !link.in_expecting_list;
  });
  ArmBlocked();
  epoll_event events[64];
  ++context_.counters.system_calls;
  const size_t count = poller_.Check(absl::MakeSpan(events));
  if (count == 0) return;
  const bool control = std::any_of(
      events, events + count, [](const epoll_event& event) { return (event.data.u64 & kTagKindMask) != kLinkTag; });
  const int64_t now_ns = control ? clock_.NowNs() : 0;
  for (size_t i = 0; i < count; ++i) OnEvent(events[i].data.u64, events[i].events, now_ns);
}

void TcpTransport::OnEvent(uint64_t tag, uint32_t events, int64_t now_ns) {
  const uint64_t which = tag & ~kTagKindMask;
  switch (tag & kTagKindMask) {
    case kListenerTag:
      acceptor_.AcceptPending(now_ns);
      return;
    case kHalfOpenTag: {
      std::optional<connect::Admitted> admitted = acceptor_.Advance(which);
      if (admitted.has_value()) OnAdmitted(*std::move(admitted));
      return;
    }
    case kDialTag: {
      Peer& peer = peers_[which];
      if (peer.dialer == nullptr) return;  // it was closed while handling an earlier event
      OnDial(static_cast<int32_t>(which), peer.dialer->OnReady(now_ns));
      return;
    }
    case kLinkTag: {
      const auto peer = static_cast<int32_t>(which);
      if ((events & EPOLLOUT) != 0) WriteOne(peer);
      if ((events & ~uint32_t{EPOLLOUT}) != 0 && !peers_[which].link->in_again_list) ReadOne(peer);
      return;
    }
    default:
      return;
  }
}

// Sleepers, and polls that ask epoll, need to hear when a full socket has room again.
void TcpTransport::ArmBlocked() {
  std::erase_if(blocked_, [this](int32_t peer) {
    Link& link = *peers_[static_cast<size_t>(peer)].link;
    const bool waits = link.has_frames();  // else it failed, or a closed channel took its frames along
    if (link.write_armed != waits && link.fd() >= 0) {
      ++context_.counters.system_calls;
      poller_.Modify(link.fd(), waits ? EPOLLIN | EPOLLOUT : EPOLLIN, kLinkTag + static_cast<uint64_t>(peer));
    }
    link.write_armed = waits;
    link.in_blocked_list = waits;
    return !waits;
  });
}

bool TcpTransport::PrepareToSleep() {
  if (!dirty_.empty() || !again_.empty() || context_.completions.HasQueued()) return false;
  ArmBlocked();
  polls_since_check_ = kPollsPerCheck;  // whatever wakes the sleeper, the next poll asks epoll for it
  int64_t next_ns = next_time_ns_;
  if (!paced_.empty()) next_ns = std::min(next_ns, context_.pacer.ReadyNs());
  if (next_ns != kForeverNs) {
    const int64_t now_ns = clock_.NowNs();
    if (next_ns <= now_ns) return false;
    poller_.SetTimer(next_ns - now_ns);
  }
  return true;
}

}  // namespace tutti::tcp
