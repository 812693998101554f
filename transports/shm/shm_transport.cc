// SPDX-License-Identifier: Apache-2.0
// The public face: requests in, completions out, and sleeping.
#include "transports/shm/shm_transport.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/checks.h"
#include "transports/shm/barrier.h"
#include "transports/shm/tags.h"

namespace tutti::shm {
namespace {

// Sockets carry nothing in a steady state; they are looked at once in so many polls, and more often while ranks join.
constexpr int kPollsPerCheck = 1024;
constexpr int kPollsPerCheckJoining = 16;

absl::Status CheckOptions(const ShmOptions& options) {
  const auto bad = [](auto... parts) { return absl::InvalidArgumentError(absl::StrCat("shm: ", parts...)); };
  if (options.size < 1 || options.rank < 0 || options.rank >= options.size) {
    return bad("rank ", options.rank, " of ", options.size, " is impossible");
  }
  if (options.secret.empty()) return bad("the job secret is empty; without it anybody could join");
  if (!IsPowerOfTwo(options.ring_bytes) || options.ring_bytes < 4096 || options.ring_bytes > (uint64_t{1} << 30)) {
    return bad("rings of ", options.ring_bytes, " bytes; a power of two from 4 KiB to 1 GiB is needed");
  }
  if (options.eager_bytes > options.ring_bytes / 4) {
    return bad("an eager limit of ", options.eager_bytes, " bytes; at most a quarter of the ring is possible");
  }
  if (options.piece_bytes == 0 || options.piece_bytes % kViewGranularity != 0 || options.burst_bytes == 0) {
    return bad("pieces of ", options.piece_bytes, " bytes; a multiple of ", kViewGranularity, " is needed");
  }
  if (options.max_half_open < 1 || options.connect_timeout_ns <= 0 || options.half_open_timeout_ns <= 0) {
    return bad("half-open limit and timeouts must be positive");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ShmTransport>> ShmTransport::Create(const ShmOptions& options) {
  absl::Status status = CheckOptions(options);
  if (!status.ok()) return status;
  std::unique_ptr<ShmTransport> transport(new ShmTransport(options));
  status = transport->Open();
  if (!status.ok()) return status;
  return transport;
}

ShmTransport::ShmTransport(const ShmOptions& options)
    : options_(options),
      clock_(options.clock != nullptr ? *options.clock : MonotonicClock()),
      context_(options_),
      acceptor_(options_, self_, poller_, kListenerTag, kHalfOpenTag),
      peers_(static_cast<size_t>(options.size)) {
  context_.buffers.Prepare(options.eager_bytes);
  active_.reserve(peers_.size());
  capabilities_.name = "shm";
  capabilities_.same_host_only = true;
  capabilities_.eager_bytes = options.eager_bytes;
  capabilities_.max_message_bytes = kMaxMessageBytes;
}

absl::Status ShmTransport::Open() {
  // A host where memory cannot be shared says so now, when there is still another way.
  absl::StatusOr<SharedMemory> trial = SharedMemory::Create("tutti-trial", 4096);
  if (!trial.ok()) return trial.status();
  doorbell_.Reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!doorbell_.valid()) return absl::ErrnoToStatus(errno, "cannot make a doorbell (check ulimit -n)");
  absl::Status status = poller_.Open();
  if (!status.ok()) return status;
  if (!poller_.Add(doorbell_.get(), EPOLLIN, kDoorbellTag)) {
    return absl::ResourceExhaustedError("the kernel refuses to watch the doorbell");
  }
  (void)JoinBarriers();
  std::array<uint8_t, 16> name;
  connect::FillRandom(name.data(), name.size());
  connect::FillRandom(reinterpret_cast<uint8_t*>(&token_), sizeof(token_));
  address_.socket = connect::SocketAddress::Unix(name);
  connect::FillRandom(address_.endpoint.data(), address_.endpoint.size());
  self_.rank = options_.rank;
  self_.size = options_.size;
  self_.endpoint = address_.endpoint;
  self_.eager_bytes = options_.eager_bytes;
  self_.unexpected_bytes = options_.unexpected_bytes_per_peer;
  self_.secret = options_.secret;
  return acceptor_.Open(&address_.socket);
}

ShmTransport::~ShmTransport() {
  for (Peer& peer : peers_) {
    if (peer.pair != nullptr) peer.pair->Close();
  }
  for (size_t rank = 0; rank < peers_.size(); ++rank) Wake(static_cast<int32_t>(rank));
}

std::string ShmTransport::PeerError(int32_t peer) const {
  if (peer < 0 || peer >= options_.size) return "";
  const Peer& entry = peers_[static_cast<size_t>(peer)];
  return entry.pair == nullptr ? "" : entry.pair->error();
}

void ShmTransport::VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const {
  for (const Peer& peer : peers_) {
    if (peer.pair != nullptr) peer.pair->VisitEarly(visit);
  }
}

void ShmTransport::CloseChannel(uint32_t channel) {
  context_.closed_channels.Add(channel);
  context_.completions.DropChannel(channel);
  for (Peer& peer : peers_) {
    if (peer.pair != nullptr) peer.pair->CloseChannel(channel);
  }
  CloseWindow(channel);
}

void ShmTransport::ClosePeer(int32_t peer) {
  if (peer < 0 || peer >= options_.size) return;
  StopDialing(peer);
  Peer& entry = peers_[static_cast<size_t>(peer)];
  entry.early.reset();
  context_.completions.DropPeer(peer);
  if (entry.pair == nullptr) entry.pair = std::make_unique<Pair>(peer, context_);
  if (entry.pair->state() == Pair::State::kHeld && entry.dialer == nullptr && num_joining_ > 0) --num_joining_;
  entry.pair->Close();
  entry.channel.Close();
  std::erase(active_, peer);
}

void ShmTransport::PostSends(absl::Span<const SendRequest> requests) {
  for (const SendRequest& request : requests) {
    const bool known =
        request.peer >= 0 && request.peer < options_.size && peers_[static_cast<size_t>(request.peer)].pair != nullptr;
    TUTTI_DCHECK(known, "a send to peer ", request.peer, ", which was never connected");
    TUTTI_DCHECK(request.bytes <= kMaxMessageBytes, "a send of ", request.bytes, " bytes");
    if (!known || request.bytes > kMaxMessageBytes) continue;
    peers_[static_cast<size_t>(request.peer)].pair->PostSend(request);
    WakeIfAsleep(request.peer);
  }
}

void ShmTransport::PostRecvs(absl::Span<const RecvRequest> requests) {
  for (const RecvRequest& request : requests) {
    const bool known =
        request.peer >= 0 && request.peer < options_.size && peers_[static_cast<size_t>(request.peer)].pair != nullptr;
    TUTTI_DCHECK(known, "a receive from peer ", request.peer, ", which was never connected");
    TUTTI_DCHECK(request.bytes <= kMaxMessageBytes, "a receive of ", request.bytes, " bytes");
    if (!known || request.bytes > kMaxMessageBytes) continue;
    peers_[static_cast<size_t>(request.peer)].pair->PostRecv(request);
    WakeIfAsleep(request.peer);
  }
}

size_t ShmTransport::Poll(absl::Span<Completion> out) {
  if (asleep_) {
    SetAsleep(false);
    polls_since_check_ = kPollsPerCheck;
  }
  context_.completions.Begin(out);
  if (++polls_since_check_ >= (num_joining_ > 0 || acceptor_.needs_time() ? kPollsPerCheckJoining : kPollsPerCheck)) {
    polls_since_check_ = 0;
    CheckEvents();
    KeepTime();
  }
  for (size_t i = 0; i < active_.size();) {
    const int32_t peer = active_[i];
    Pair& pair = *peers_[static_cast<size_t>(peer)].pair;
    pair.ReleaseTaken();
    pair.Take();
    pair.PullSome();
    pair.Flush();
    WakeIfAsleep(peer);
    if (pair.state() != Pair::State::kFailed) {
      ++i;
      continue;
    }
    active_[i] = active_.back();
    active_.pop_back();
  }
  // Whoever comes first may fill the caller's array: let it be another one next time.
  if (context_.completions.Full() && active_.size() > 1) {
    std::rotate(active_.begin(), active_.begin() + 1, active_.end());
  }
  return context_.completions.End();
}

bool ShmTransport::HasUnsentBytes() const {
  for (const Peer& peer : peers_) {
    if (peer.pair != nullptr && (peer.pair->HasUnsent() || peer.channel.has_unsent())) return true;
  }
  return false;
}

void ShmTransport::WakeIfAsleep(int32_t peer) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  const uint32_t reasons = entry.pair->TakeWakeReasons();
  if (reasons == 0 || entry.pair->state() != Pair::State::kOpen) return;
  if (entry.barrier_needed) BarrierAlone();
  if ((entry.pair->peer_side().asleep.load(std::memory_order_relaxed) & reasons) != 0) Wake(peer);
}

void ShmTransport::Wake(int32_t peer) {
  const UniqueFd& doorbell = peers_[static_cast<size_t>(peer)].doorbell;
  if (!doorbell.valid()) return;
  ++context_.counters.system_calls;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(doorbell.get(), &one, sizeof(one));
}

void ShmTransport::SetAsleep(bool asleep) {
  asleep_ = asleep;
  for (const int32_t peer : active_) {
    Pair& pair = *peers_[static_cast<size_t>(peer)].pair;
    if (pair.state() != Pair::State::kOpen) continue;
    const uint32_t value = !asleep ? kAwake : pair.WaitsForRoom() ? kAsleepForRoom : kAsleep;
    pair.own_side().asleep.store(value, std::memory_order_relaxed);
  }
}

bool ShmTransport::PrepareToSleep() {
  const auto has_work = [this] {
    if (context_.completions.HasQueued()) return true;
    for (const int32_t peer : active_) {
      if (peers_[static_cast<size_t>(peer)].pair->HasWork()) return true;
    }
    return false;
  };
  if (has_work()) return false;
  SetAsleep(true);
  BarrierForAll();
  if (!has_work()) return true;
  SetAsleep(false);
  return false;
}

}  // namespace tutti::shm
