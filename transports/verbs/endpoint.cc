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
  if (options.rails < 1 || options.rails > kMaxRails || options.pairs_per_rail < 1 ||
      options.pairs_per_rail > kMaxPairsPerRail) {
    return bad("1 to ", kMaxRails, " rails with 1 to ", kMaxPairsPerRail, " queue pairs each are possible");
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
      context_(options_, clock),
      links_(static_cast<size_t>(options.size)) {
  context_.control = control_.get();
  capabilities_.name = "verbs";
  capabilities_.eager_bytes = options.eager_bytes;
  capabilities_.max_message_bytes = kMaxMessageBytes;
  capabilities_.stamps_large_messages = false;
}

// One rail, with all that is its own.
absl::Status Endpoint::OpenRail(std::unique_ptr<Device> device, uint64_t slot_bytes) {
  Rail& rail = *context_.rails.emplace_back(std::make_unique<Rail>());
  rail.device = std::move(device);
  const Device& opened = *rail.device;
  absl::Status status = rail.queue.Open(opened, kCompletionEntries);
  if (status.ok()) {
    status =
        rail.slots.Open(opened, slot_bytes, options_.slots_per_peer, static_cast<uint32_t>(options_.size), kSlotTag);
  }
  if (status.ok()) status = rail.immediates.Open(opened, LinkContext::kMaxGrants, kImmediateTag);
  if (status.ok()) status = rail.queue.Reserve(LinkContext::kMaxGrants);
  return status;
}

absl::Status Endpoint::Open() {
  auto devices = OpenDevices(options_.port, options_.rails);
  if (!devices.ok()) return devices.status();
  const std::string primary = devices->front()->name;
  network_ = NetworkOf(devices->front()->gid.gid, devices->front()->is_ethernet());
  // Peers do the same: like-named ports make a rail.
  std::sort(devices->begin(), devices->end(), [](const auto& a, const auto& b) { return a->name < b->name; });
  const uint64_t slot_bytes =
      RoundUp(kFrameHeaderBytes + std::max<uint64_t>(options_.eager_bytes, kGrantBytes), kViewGranularity);
  absl::Status status;
  std::vector<const Device*> opened;
  for (std::unique_ptr<Device>& device : *devices) {
    if (device->name == primary) context_.primary_rail = static_cast<uint32_t>(opened.size());
    opened.push_back(device.get());
    if (status.ok()) status = OpenRail(std::move(device), slot_bytes);
  }
  if (status.ok()) status = context_.send_slots.Open(opened, slot_bytes, kSendSlots, IBV_ACCESS_LOCAL_WRITE);
  if (status.ok()) {
    status = context_.staging.Open(opened, options_.staging_bytes, options_.staging_slots,
                                   IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
  }
  if (status.ok()) {
    status = context_.probes.Open(opened, kMaxProbeBytes, 2, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
  }
  if (!status.ok()) return status;
  context_.registrations.Open(std::move(opened), options_.idle_registered_bytes);
  context_.buffers.Prepare(options_.eager_bytes);
  context_.waiters.Reserve(64);
  for (std::vector<Link*>* list : {&context_.dirty, &context_.starved, &context_.upset, &scratch_}) {
    list->reserve(links_.size());
  }
  return Watch();
}

// One descriptor that becomes readable with any of the rails', or with the control transport's.
absl::Status Endpoint::Watch() {
  epoll_.Reset(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<int> watched = {control_->wait_fd()};
  for (const auto& rail : context_.rails) {
    const int async = rail->device->context->async_fd;
    const int flags = ::fcntl(async, F_GETFL);
    if (!epoll_.valid() || flags < 0 || ::fcntl(async, F_SETFL, flags | O_NONBLOCK) != 0) {
      return absl::UnavailableError("RDMA: the device's events cannot be watched");
    }
    watched.push_back(rail->queue.fd());
    watched.push_back(async);
  }
  for (const int fd : watched) {
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
  links_.clear();
}

// The one that it likes best first.
std::string Endpoint::DescribeDevice() const {
  const Device& primary = *context_.rails[context_.primary_rail]->device;
  std::string text = absl::StrCat(primary.name, ": ", primary.Describe());
  for (const auto& rail : context_.rails) {
    if (rail->device.get() != &primary)
      absl::StrAppend(&text, "; ", rail->device->name, ": ", rail->device->Describe());
  }
  return text;
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
  std::unique_ptr<Link>& link = links_[static_cast<size_t>(peer)];
  if (link != nullptr) return absl::OkStatus();
  if (address.size() < kAddressHeaderBytes || address[0] != kAddressVersion) {
    return absl::InvalidArgumentError("RDMA address of unknown version; do all ranks run the same tutti?");
  }
  absl::Status status = control_->Connect(peer, address.substr(kAddressHeaderBytes));
  if (!status.ok()) return status;
  link = std::make_unique<Link>(peer, context_);
  link->Introduce();
  return absl::OkStatus();
}

std::string Endpoint::PeerError(int32_t peer) const {
  if (peer < 0 || peer >= options_.size) return "";
  const std::unique_ptr<Link>& link = links_[static_cast<size_t>(peer)];
  return link == nullptr ? "" : link->error();
}

void Endpoint::CloseChannel(uint32_t channel) {
  context_.closed_channels.Add(channel);
  context_.completions.DropChannel(channel);
  for (const auto& link : links_) {
    if (link != nullptr) link->CloseChannel(channel);
  }
  control_->CloseChannel(channel);
  PumpDirty();
}

void Endpoint::ClosePeer(int32_t peer) {
  if (peer < 0 || peer >= options_.size) return;
  std::unique_ptr<Link>& link = links_[static_cast<size_t>(peer)];
  context_.completions.DropPeer(peer);
  if (link == nullptr) link = std::make_unique<Link>(peer, context_);
  link->Close();
}

void Endpoint::VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const {
  for (const auto& link : links_) {
    if (link != nullptr) link->VisitEarly(visit);
  }
  if (context_.num_over_control == 0) return;
  control_->VisitEarly([&](const EarlyMessage& message) {
    if (message.id.channel != kNoticeChannel) visit(message);
  });
}

// nullptr for a request that should not have been posted.
Link* Endpoint::LinkOf(int32_t peer, uint64_t bytes) const {
  const bool known = peer >= 0 && peer < options_.size && links_[static_cast<size_t>(peer)] != nullptr;
  TUTTI_DCHECK(known, "a request for peer ", peer, ", which was never connected");
  TUTTI_DCHECK(bytes <= kMaxMessageBytes, "a message of ", bytes, " bytes");
  return known && bytes <= kMaxMessageBytes ? links_[static_cast<size_t>(peer)].get() : nullptr;
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
absl::StatusOr<MemoryRegistry::Handle> Endpoint::Register(const MemoryRange& range) {
  Registrations& registrations = context_.registrations;
  const Registrations::Handle handle = range.dmabuf == nullptr
                                           ? registrations.Acquire(range.data, range.bytes, /*writable=*/true)
                                           : registrations.AcquireDmabuf(range.data, range.bytes, *range.dmabuf);
  if (handle != Registrations::kNone) return handle;
  const int error = registrations.error();
  const std::string& device = context_.rails[context_.primary_rail]->device->name;
  const std::string sentence =
      absl::StrCat(range.bytes, " bytes cannot be registered with ", device, ": ", VerbsErrorName(error));
  if (range.dmabuf != nullptr && (error == EOPNOTSUPP || error == ENOSYS)) {
    return absl::UnimplementedError(
        absl::StrCat("the driver or the kernel of ", device, " cannot use memory of a dma-buf"));
  }
  if (range.dmabuf != nullptr && error == EBADF) {
    return absl::InvalidArgumentError(absl::StrCat(sentence, "; is it a dma-buf?"));
  }
  return error == EFAULT || error == EINVAL ? absl::InvalidArgumentError(sentence)
                                            : absl::ResourceExhaustedError(sentence);
}

bool Endpoint::HasUnsentBytes() const {
  for (const auto& link : links_) {
    if (link != nullptr && link->HasUnsentBytes()) return true;
  }
  return context_.num_over_control > 0 && control_->HasUnsentBytes();
}

}  // namespace tutti::verbs
