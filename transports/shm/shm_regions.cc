// SPDX-License-Identifier: Apache-2.0
// Memory of one rank that its peers read where it lies, without the kernel in between: its descriptor goes to all peers
// once, and announcements, and publishes in windows, then say where in it something is. Who reads an announcement has other
// means as well; who reads a publish has none, so only memory that a peer has said to have mapped is named there.
#include <utility>

#include "transports/shm/shm_transport.h"

namespace tutti::shm {
namespace {

constexpr uint64_t kMaxRegionBytes = uint64_t{1} << 46;

}  // namespace

// A range that cannot be shared is no failure: its messages are read by system calls, or come through the ring.
absl::StatusOr<MemoryRegistry::Handle> ShmTransport::Register(const MemoryRange& range) {
  if (range.shareable_fd < 0) return 0;
  const uint32_t number = context_.regions.Add(range.data, range.bytes, range.shareable_fd);
  if (number == 0) return 0;
  context_.regions.ForEach([&](const SharedRegions::Region& region) {
    if (region.number != number) return;
    for (Peer& peer : peers_) ShareRegion(region, peer);
  });
  return number;
}

// Announcements that name it may still be on their way; whoever has let go of it then reads by other means.
void ShmTransport::Deregister(MemoryRegistry::Handle handle) {
  if (handle == 0) return;
  const auto number = static_cast<uint32_t>(handle);
  context_.regions.Remove(number);
  Note note;
  note.kind = NoteKind::kRegionEnd;
  note.channel = number;
  for (Peer& peer : peers_) peer.channel.Send(note, {-1, -1});
}

void ShmTransport::ShareRegion(const SharedRegions::Region& region, Peer& peer) {
  Note note;
  note.kind = NoteKind::kRegion;
  note.channel = region.number;
  note.bytes = region.bytes;
  peer.channel.Send(note, {region.fd.get(), -1});
}

void ShmTransport::OnRegion(int32_t peer, ReceivedNote& received) {
  const Note& note = received.note;
  Pair& pair = *peers_[static_cast<size_t>(peer)].pair;
  if (!received.fds[0].valid() || note.bytes > kMaxRegionBytes || note.channel == 0) {
    return OnEnd(peer, "the peer broke the protocol: it shared memory that cannot be");
  }
  absl::StatusOr<SharedMemory> memory = SharedMemory::MapToRead(std::move(received.fds[0]), note.bytes);
  if (!memory.ok()) {
    if (absl::IsInvalidArgument(memory.status())) return OnEnd(peer, memory.status().message());
    return;  // no room for it here: its messages come by other means
  }
  if (!pair.AddPeerRegion(note.channel, *std::move(memory))) {
    return OnEnd(peer, "the peer broke the protocol: it shared more memory than any program does, or the same twice");
  }
  Note mapped;
  mapped.kind = NoteKind::kRegionMapped;
  mapped.channel = note.channel;
  peers_[static_cast<size_t>(peer)].channel.Send(mapped, {-1, -1});
}

void ShmTransport::OnRegionEnd(int32_t peer, const Note& note) {
  peers_[static_cast<size_t>(peer)].pair->DropPeerRegion(note.channel);
}

RegionPlace ShmTransport::PlaceOf(const void* data, uint64_t bytes, absl::Span<const int32_t> peers) const {
  return context_.regions.FindMapped(data, bytes, peers);
}

const std::byte* ShmTransport::ReadPlace(int32_t peer, const RegionPlace& place, uint64_t bytes) const {
  const Peer& entry = peers_[static_cast<size_t>(peer)];
  return entry.pair != nullptr ? entry.pair->InPeerRegion(place, bytes) : nullptr;
}

}  // namespace tutti::shm
