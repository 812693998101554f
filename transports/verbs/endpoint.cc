// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/endpoint.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/align.h"
#include "lib/base/checks.h"
#include "transports/verbs/link_depths.h"
#include "transports/verbs/network.h"

namespace tutti::verbs {
namespace {

constexpr uint32_t kSendSlots = 64;            // frames on their way from this rank, all peers together
constexpr uint32_t kCompletionEntries = 4096;  // to begin with
constexpr char kAddressVersion = 2;
constexpr size_t kAddressHeaderBytes = 1 + kNetworkBytes;  // then the control transport's address

absl::Status CheckOptions(const VerbsOptions& options) {
  const auto bad = [](auto... parts) { return absl::InvalidArgumentError(absl::StrCat("RDMA: ", parts...)); };
  if (options.size < 1 || options.rank < 0 || options.rank >= options.size) {
    return bad("rank ", options.rank, " of ", options.size, " is impossible");
  }
  if (options.eager_bytes > kMaxEagerBytes) {
    return bad("an eager limit of ", options.eager_bytes, " bytes; at most ", kMaxEagerBytes, " are possible");
  }
  if (options.slots_per_peer < kMinSlots || options.slots_per_peer > kMaxSlots) {
    return bad(options.slots_per_peer, " slots per peer; ", kMinSlots, " to ", kMaxSlots, " are possible");
  }
  if (options.staging_bytes == 0 || options.staging_bytes % kViewGranularity != 0 ||
      options.staging_bytes > kWriteBytes || options.staging_slots == 0) {
    return bad(options.staging_slots, " staging slots of ", options.staging_bytes,
               " bytes; one or more, of a multiple of ", kViewGranularity, " bytes up to ", kWriteBytes,
               ", are possible");
  }
  const PortOptions& port = options.port;
  if (port.ack_timeout < 1 || port.ack_timeout > 31 || port.retry_count < 0 || port.retry_count > 7 ||
      port.rnr_timer_code < 0 || port.rnr_timer_code > 31 || port.traffic_class < 0 || port.traffic_class > 255 ||
      port.service_level < 0 || port.service_level > 15 || port.hop_limit < 1 || port.hop_limit > 255) {
    return bad(
        "timeout 1..31, retries 0..7, receiver-not-ready timer 0..31, traffic class 0..255, service level 0..15 and "
        "hop limit 1..255 are possible");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<VerbsTransport>> VerbsTransport::Create(const VerbsOptions& options,
                                                                       std::unique_ptr<Transport> control,
                                                                       Clock* clock) {
  absl::Status status = CheckOptions(options);
  if (!status.ok()) return status;
  auto endpoint = std::make_unique<Endpoint>(options, std::move(control), clock != nullptr ? *clock : MonotonicClock());
  status = endpoint->Open();
  if (!status.ok()) return status;
  return endpoint;
}

Endpoint::Endpoint(const VerbsOptions& options, std::unique_ptr<Transport> control, Clock& clock)
    : options_(options),
      clock_(clock),
      control_(std::move(control)),
      context_(options_),
      peers_(static_cast<size_t>(options.size)) {
  context_.control = control_.get();
  capabilities_.name = "verbs";
  capabilities_.eager_bytes = options.eager_bytes;
  capabilities_.max_message_bytes = kMaxMessageBytes;
  capabilities_.stamps_large_messages = false;
}

absl::Status Endpoint::Open() {
  auto device = OpenDevice(options_.port);
  if (!device.ok()) return device.status();
  context_.device = *std::move(device);
  const Device& opened = *context_.device;
  network_ = NetworkOf(opened.gid.gid, opened.is_ethernet());
  const uint64_t slot_bytes =
      RoundUp(kFrameHeaderBytes + std::max<uint64_t>(options_.eager_bytes, kGrantBytes), kViewGranularity);
  absl::Status status = context_.queue.Open(opened, kCompletionEntries);
  if (status.ok()) status = context_.send_slots.Open(opened, slot_bytes, kSendSlots, IBV_ACCESS_LOCAL_WRITE);
  if (status.ok()) {
    status = context_.staging.Open(opened, options_.staging_bytes, options_.staging_slots,
                                   IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
  }
  if (status.ok()) {
    status = context_.slots.Open(opened, slot_bytes, options_.slots_per_peer, static_cast<uint32_t>(options_.size),
                                 kSlotTag);
  }
  if (status.ok()) status = context_.immediates.Open(opened, LinkContext::kMaxGrants, kImmediateTag);
  if (status.ok()) status = context_.queue.Reserve(LinkContext::kMaxGrants);
  if (!status.ok()) return status;
  context_.registrations.Open(opened, options_.idle_registered_bytes);
  context_.buffers.Prepare(options_.eager_bytes);
  context_.waiters.Reserve(64);
  for (std::vector<Link*>* list : {&context_.dirty, &context_.starved, &scratch_}) list->reserve(peers_.size());

  epoll_.Reset(::epoll_create1(EPOLL_CLOEXEC));
  const int async = opened.context->async_fd;
  const int flags = ::fcntl(async, F_GETFL);
  if (!epoll_.valid() || flags < 0 || ::fcntl(async, F_SETFL, flags | O_NONBLOCK) != 0) {
    return absl::UnavailableError("RDMA: the device's events cannot be watched");
  }
  for (const int fd : {context_.queue.fd(), async, control_->wait_fd()}) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (fd < 0 || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      return absl::UnavailableError("RDMA: the kernel refuses to watch the device's descriptors");
    }
  }
  return absl::OkStatus();
}

Endpoint::~Endpoint() {
  SayGoodbye();
  for (Peer& peer : peers_) peer.link.reset();
}

std::string Endpoint::DescribeDevice() const {
  return absl::StrCat(context_.device->name, ": ", context_.device->Describe());
}

std::string Endpoint::Address() const {
  return absl::StrCat(absl::string_view(&kAddressVersion, 1), network_, control_->Address());
}

bool Endpoint::Reaches(absl::string_view address) const {
  const bool readable = address.size() >= kAddressHeaderBytes && address[0] == kAddressVersion;
  return !readable || address.substr(1, kNetworkBytes) == network_;
}

absl::Status Endpoint::Connect(int32_t peer, absl::string_view address) {
  if (peer < 0 || peer >= options_.size || peer == options_.rank) {
    return absl::InvalidArgumentError(
        absl::StrCat("RDMA: rank ", options_.rank, " of ", options_.size, " cannot connect to rank ", peer));
  }
  Peer& entry = peers_[static_cast<size_t>(peer)];
  if (entry.link != nullptr) return absl::OkStatus();
  if (address.size() < kAddressHeaderBytes || address[0] != kAddressVersion) {
    return absl::InvalidArgumentError("RDMA address of unknown version; do all ranks run the same tutti?");
  }
  absl::Status status = control_->Connect(peer, address.substr(kAddressHeaderBytes));
  if (!status.ok()) return status;
  entry.link = std::make_unique<Link>(peer, context_);
  Introduce(peer);
  return absl::OkStatus();
}

std::string Endpoint::PeerError(int32_t peer) const {
  if (peer < 0 || peer >= options_.size) return "";
  const Peer& entry = peers_[static_cast<size_t>(peer)];
  return entry.link == nullptr ? "" : entry.link->error();
}

void Endpoint::CloseChannel(uint32_t channel) {
  context_.closed_channels.Add(channel);
  context_.completions.DropChannel(channel);
  for (Peer& peer : peers_) {
    if (peer.link != nullptr) peer.link->CloseChannel(channel);
  }
  PumpDirty();
}

void Endpoint::ClosePeer(int32_t peer) {
  if (peer < 0 || peer >= options_.size) return;
  Peer& entry = peers_[static_cast<size_t>(peer)];
  context_.completions.DropPeer(peer);
  if (entry.link == nullptr) entry.link = std::make_unique<Link>(peer, context_);
  entry.link->Close();
}

void Endpoint::VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const {
  for (const Peer& peer : peers_) {
    if (peer.link != nullptr) peer.link->VisitEarly(visit);
  }
}

// nullptr for a request that should not have been posted.
Link* Endpoint::LinkOf(int32_t peer, uint64_t bytes) const {
  const bool known = peer >= 0 && peer < options_.size && peers_[static_cast<size_t>(peer)].link != nullptr;
  TUTTI_DCHECK(known, "a request for peer ", peer, ", which was never connected");
  TUTTI_DCHECK(bytes <= kMaxMessageBytes, "a message of ", bytes, " bytes");
  return known && bytes <= kMaxMessageBytes ? peers_[static_cast<size_t>(peer)].link.get() : nullptr;
}

void Endpoint::PostSends(absl::Span<const SendRequest> requests) {
  for (const SendRequest& request : requests) {
    Link* link = LinkOf(request.peer, request.bytes);
    if (link != nullptr) link->PostSend(request);
  }
  PumpDirty();
}

void Endpoint::PostRecvs(absl::Span<const RecvRequest> requests) {
  for (const RecvRequest& request : requests) {
    Link* link = LinkOf(request.peer, request.bytes);
    if (link != nullptr) link->PostRecv(request);
  }
  PumpDirty();
}

// Messages within it share it, as they share each other's.
absl::StatusOr<MemoryRegistry::Handle> Endpoint::Register(void* data, uint64_t bytes) {
  const Registrations::Handle handle = context_.registrations.Acquire(data, bytes, /*writable=*/true);
  if (handle != Registrations::kNone) return handle;
  const int error = context_.registrations.error();
  const std::string sentence =
      absl::StrCat(bytes, " bytes cannot be registered with ", context_.device->name, ": ", VerbsErrorName(error));
  return error == EFAULT || error == EINVAL ? absl::InvalidArgumentError(sentence)
                                            : absl::ResourceExhaustedError(sentence);
}

bool Endpoint::HasUnsentBytes() const {
  for (const Peer& peer : peers_) {
    if (peer.link != nullptr && peer.link->HasUnsentBytes()) return true;
  }
  return false;
}

}  // namespace tutti::verbs
