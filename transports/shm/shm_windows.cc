// SPDX-License-Identifier: Apache-2.0
// Windows: memory of one rank that the others of a group read.
#include <algorithm>
#include <utility>

#include "transports/shm/shm_transport.h"

namespace tutti::shm {
namespace {

// Windows of channels that this rank has yet to open, or never will: bounds what a peer can make this rank map.
constexpr size_t kMaxWindowsAhead = 4096;
constexpr uint64_t kMaxWindowBytes = uint64_t{1} << 32;

}  // namespace

absl::StatusOr<std::byte*> ShmTransport::OpenWindow(uint32_t channel, size_t bytes, absl::Span<const int32_t> peers) {
  absl::StatusOr<SharedMemory> memory = SharedMemory::Create("tutti-window", bytes);
  if (!memory.ok()) return memory.status();
  Window& window = windows_[channel];
  window.own = *std::move(memory);
  window.members.assign(peers.begin(), peers.end());
  for (const int32_t peer : peers) ShareWindow(channel, window, peer);
  return window.own.data();
}

void ShmTransport::ShareWindow(uint32_t channel, Window& window, int32_t peer) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  if (!window.own.valid() || !entry.channel.open()) return;
  if (std::find(window.members.begin(), window.members.end(), peer) == window.members.end()) return;
  Note note;
  note.kind = NoteKind::kWindow;
  note.channel = channel;
  note.bytes = window.own.bytes();
  entry.channel.Send(note, {window.own.fd(), -1});
}

void ShmTransport::OnWindow(int32_t peer, ReceivedNote& received) {
  const Note& note = received.note;
  if (context_.closed_channels.Contains(note.channel)) return;
  if (!received.fds[0].valid() || note.bytes > kMaxWindowBytes || windows_.size() >= kMaxWindowsAhead) {
    return OnEnd(peer, "the peer broke the protocol: it sent a window that cannot be");
  }
  absl::StatusOr<SharedMemory> memory = SharedMemory::Map(std::move(received.fds[0]), note.bytes);
  if (!memory.ok()) return OnEnd(peer, memory.status().message());
  windows_[note.channel].peers.insert_or_assign(peer, *std::move(memory));
}

PeerWindow ShmTransport::FindWindow(uint32_t channel, int32_t peer) {
  const auto window = windows_.find(channel);
  const Peer& entry = peers_[static_cast<size_t>(peer)];
  const bool attached =
      entry.pair != nullptr && (entry.pair->state() == Pair::State::kOpen || entry.pair->state() == Pair::State::kLeft);
  if (window == windows_.end() || !attached) return {};
  const auto found = window->second.peers.find(peer);
  // One of another length would be read beyond its end.
  if (found == window->second.peers.end() || found->second.bytes() != window->second.own.bytes()) return {};
  return {found->second.data(), &entry.pair->peer_side().asleep, entry.barrier_needed};
}

std::string ShmTransport::WhyGone(int32_t peer) const {
  const Peer& entry = peers_[static_cast<size_t>(peer)];
  if (entry.pair == nullptr) return "";
  return entry.pair->state() == Pair::State::kFailed ? entry.pair->error() : entry.pair->left_because();
}

void ShmTransport::CloseWindow(uint32_t channel) { windows_.erase(channel); }

}  // namespace tutti::shm
