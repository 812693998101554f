// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/service_loop.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/raw_clock.h"
#include "lib/bootstrap/socket.h"

namespace tutti {
namespace {

constexpr uint64_t kListenerId = 0;
constexpr uint64_t kWakeId = 1;
constexpr uint64_t kFirstConnectionId = 2;
constexpr size_t kStrangersBesideRanks = 256;
constexpr int kReadsPerEvent = 4;  // so that one busy connection does not starve the others
constexpr int64_t kAcceptPauseNs = 100 * kNsPerMs;
constexpr int64_t kFarewellNs = kNsPerSecond;

int TimeoutMs(int64_t next_ns) {
  if (next_ns == kForeverNs) return -1;
  const int64_t left_ns = next_ns - MonotonicClock().NowNs();
  return left_ns <= 0 ? 0 : static_cast<int>(std::min<int64_t>((left_ns + kNsPerMs - 1) / kNsPerMs, 60'000));
}

}  // namespace

ServiceLoop::ServiceLoop(UniqueFd listener, const Mac& job_key, int size, ServiceOptions options)
    : listener_(std::move(listener)),
      options_(std::move(options)),
      core_(size, this),
      accept_again_ns_(kForeverNs),
      next_id_(kFirstConnectionId),
      by_rank_(static_cast<size_t>(size), nullptr) {
  credentials_.job_key = job_key;
}

absl::Status ServiceLoop::Prepare() {
  absl::Status random = FillRandom(credentials_.job_nonce.data(), credentials_.job_nonce.size());
  if (!random.ok()) return random;
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  wake_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_.valid() || !wake_.valid() || !Watch(wake_.get(), kWakeId) || !Watch(listener_.get(), kListenerId)) {
    return absl::UnavailableError(absl::StrCat("cannot set up the control service: ", std::strerror(errno)));
  }
  listener_guard_.emplace(listener_.get());
  epoll_guard_.emplace(epoll_.get());
  wake_guard_.emplace(wake_.get());
  return absl::OkStatus();
}

void ServiceLoop::Wake() {
  const uint64_t one = 1;
  // Cannot fail: the counter never comes near its limit.
  static_cast<void>(!write(wake_.get(), &one, sizeof one));
}

bool ServiceLoop::Watch(int fd, uint64_t id) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = id;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void ServiceLoop::Run() {
  std::array<epoll_event, 256> events;
  int64_t next_ns = kForeverNs;
  while (true) {
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), TimeoutMs(next_ns));
    bool woken = false;
    for (int i = 0; i < count; ++i) {
      const uint64_t id = events[static_cast<size_t>(i)].data.u64;
      if (id == kWakeId) {
        woken = true;
      } else if (id == kListenerId) {
        Accept();
      } else if (const auto found = connections_.find(id); found != connections_.end()) {
        Read(found->second.get());
      }
    }
    if (woken) return FarewellAndClose();
    next_ns = Settle();
  }
}

void ServiceLoop::Accept() {
  while (listener_.valid()) {
    UniqueFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        // Out of descriptors or memory: the listener would stay ready, and this thread would spin.
        TUTTI_LOG(kWarn, "the control service cannot accept a connection: ", std::strerror(errno));
        accept_again_ns_ = DeadlineAfterNs(MonotonicClock().NowNs(), kAcceptPauseNs);
        epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
      }
      return;
    }
    TuneConnection(fd.get());
    const auto remote = RemoteAddress(fd.get());
    const uint64_t id = next_id_++;
    if (!Watch(fd.get(), id)) continue;
    connections_[id] = std::make_unique<ServiceConnection>(
        id, std::move(fd), &credentials_, remote ? remote->ToString() : "an unknown address",
        DeadlineAfterNs(MonotonicClock().NowNs(), options_.handshake_timeout_ns));
    strangers_.push_back(id);
    if (strangers_.size() > by_rank_.size() + kStrangersBesideRanks) DropOldestStranger("too many connections wait");
  }
}

void ServiceLoop::DropOldestStranger(const char* why) {
  const auto found = connections_.find(strangers_.front());
  strangers_.pop_front();
  if (found == connections_.end() || found->second->rank() >= 0) return;
  TUTTI_LOG(kWarn, "the control service dropped a connection from ", found->second->remote(), ": ", why);
  Close(found->second.get());
}

void ServiceLoop::Read(ServiceConnection* connection) {
  if (connection->has_output()) MarkDirty(connection);  // the event may have been that it can be written to
  char buffer[16 * 1024];
  for (int i = 0; i < kReadsPerEvent; ++i) {
    const IoResult result = ReceiveSome(connection->fd(), buffer, sizeof buffer);
    if (result.would_block) return;
    if (result.closed) return Lose(connection, DescribeLoss(result));
    if (connection->close_when_flushed) continue;  // refused: whatever it still says is not looked at
    connection->Append(absl::string_view(buffer, result.bytes));
    if (!TakeMessages(connection)) return;
  }
}

// False: the connection is closed, or about to be.
bool ServiceLoop::TakeMessages(ServiceConnection* connection) {
  Message message;
  while (true) {
    const ServiceConnection::Input input = connection->Take(&message);
    if (connection->has_output()) MarkDirty(connection);
    if (input == ServiceConnection::Input::kNeedMore) return true;
    if (input == ServiceConnection::Input::kBroken) {
      TUTTI_LOG(kWarn, "the control service refused ", connection->remote(), ": ", connection->problem());
      if (!connection->close_when_flushed) Lose(connection, connection->problem());
      return false;
    }
    if (connection->rank() < 0) {
      if (!Admit(connection, message)) return false;
    } else if (message.type == MessageType::kAskClock) {
      TellClock(connection, message);
    } else if (!core_.Handle(connection->rank(), message, MonotonicClock().NowNs())) {
      Lose(connection, "it sent a control message that breaks the protocol");
      return false;
    }
  }
}

// Not for the core, which knows no clock.
void ServiceLoop::TellClock(ServiceConnection* connection, const Message& question) {
  Message answer = OfType(MessageType::kClock);
  answer.request = question.request;
  answer.value = static_cast<uint64_t>(RawClock().NowNs());
  connection->Queue(EncodeMessage(answer));
  MarkDirty(connection);
}

bool ServiceLoop::Admit(ServiceConnection* connection, const Message& introduce) {
  const int rank = introduce.card.rank;
  // The welcome that the core sends must find its way, so the place is taken first.
  ServiceConnection** const place = rank >= 0 && rank < core_.size() ? &by_rank_[static_cast<size_t>(rank)] : nullptr;
  ServiceConnection* const holder = place != nullptr ? *place : nullptr;
  if (place != nullptr && holder == nullptr) *place = connection;
  const std::optional<std::string> refusal = core_.Admit(introduce);
  if (!refusal) {
    connection->BecomeRank(rank);
    return true;
  }
  if (place != nullptr) *place = holder;
  Refuse(connection, *refusal);
  return false;
}

void ServiceLoop::Refuse(ServiceConnection* connection, const std::string& sentence) {
  TUTTI_LOG(kWarn, "the control service refused ", connection->remote(), ": ", sentence);
  Message reply = OfType(MessageType::kRefused);
  reply.sentence = sentence;
  connection->Queue(EncodeMessage(reply));
  connection->close_when_flushed = true;
  MarkDirty(connection);
}

void ServiceLoop::Lose(ServiceConnection* connection, const std::string& how) {
  const int rank = connection->rank();
  Close(connection);
  if (rank >= 0) core_.Lost(rank, how);
}

void ServiceLoop::Close(ServiceConnection* connection) {
  if (connection->is_closed) return;
  connection->is_closed = true;
  if (connection->rank() >= 0) by_rank_[static_cast<size_t>(connection->rank())] = nullptr;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, connection->fd(), nullptr);
  const auto found = connections_.find(connection->id());
  closed_.push_back(std::move(found->second));
  connections_.erase(found);
}

void ServiceLoop::Send(int rank, absl::string_view frame) {
  ServiceConnection* const to = by_rank_[static_cast<size_t>(rank)];
  if (to == nullptr) return;
  to->Queue(frame);
  MarkDirty(to);
}

void ServiceLoop::OnAllJoined() {
  listener_guard_.reset();
  listener_.Reset();
  if (options_.on_all_joined) options_.on_all_joined();
}

void ServiceLoop::MarkDirty(ServiceConnection* connection) {
  if (connection->is_dirty) return;
  connection->is_dirty = true;
  dirty_.push_back(connection);
}

int64_t ServiceLoop::Settle() {
  const int64_t now_ns = MonotonicClock().NowNs();
  while (!strangers_.empty()) {
    const auto oldest = connections_.find(strangers_.front());
    const bool waits = oldest != connections_.end() && oldest->second->rank() < 0;
    if (waits && oldest->second->deadline_ns() > now_ns) break;
    DropOldestStranger("it did not introduce itself in time");
  }
  int64_t next_ns = core_.Advance(now_ns);
  Flush();
  // What was lost while flushing may have made something due; the core says so when asked again.
  next_ns = std::min(next_ns, core_.Advance(now_ns));
  if (!strangers_.empty()) {
    const auto oldest = connections_.find(strangers_.front());
    next_ns = std::min(next_ns, oldest != connections_.end() ? oldest->second->deadline_ns() : now_ns);
  }
  if (now_ns >= accept_again_ns_ && listener_.valid() && Watch(listener_.get(), kListenerId)) {
    accept_again_ns_ = kForeverNs;
  }
  return listener_.valid() ? std::min(next_ns, accept_again_ns_) : next_ns;
}

void ServiceLoop::Flush() {
  // A connection that turns out to be lost makes news for others, who are then flushed in their turn.
  while (!dirty_.empty()) {
    ServiceConnection* const connection = dirty_.back();
    dirty_.pop_back();
    connection->is_dirty = false;
    if (connection->is_closed) continue;
    if (!connection->Flush()) {
      Lose(connection, connection->problem());
    } else if (connection->close_when_flushed && !connection->has_output()) {
      Close(connection);
    } else if (connection->has_output() != connection->awaits_writable) {
      connection->awaits_writable = connection->has_output();
      epoll_event event = {};
      event.events = connection->awaits_writable ? EPOLLIN | EPOLLOUT : EPOLLIN;
      event.data.u64 = connection->id();
      epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection->fd(), &event);
    }
  }
  closed_.clear();
}

void ServiceLoop::FarewellAndClose() {
  // Rank 0's own goodbye, which may say that it gave up, is on its way.
  if (by_rank_[0] != nullptr) Read(by_rank_[0]);
  core_.End();
  const int64_t deadline_ns = DeadlineAfterNs(MonotonicClock().NowNs(), kFarewellNs);
  for (auto& [id, connection] : connections_) {
    // The kernel takes these few bytes at once, unless the other end has stopped reading long ago.
    while (connection->Flush() && connection->has_output() && WaitReady(connection->fd(), POLLOUT, deadline_ns)) {
    }
    shutdown(connection->fd(), SHUT_WR);
    // Closing with unread bytes would reset the connection, and a reset may overtake the farewell.
    char buffer[4096];
    while (ReceiveSome(connection->fd(), buffer, sizeof buffer).bytes > 0) {
    }
  }
  dirty_.clear();
  closed_.clear();
  connections_.clear();
  OnAllJoined();  // whether they have or not: nobody will be let in any more
}

}  // namespace tutti
