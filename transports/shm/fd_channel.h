// SPDX-License-Identifier: Apache-2.0
// The Unix socket of a pair once both ends have proved themselves: short notes of fixed length that carry descriptors.
// Its end of stream is how a rank hears at once that the peer's process is gone. Non-blocking.
#ifndef TUTTI_TRANSPORTS_SHM_FD_CHANNEL_H_
#define TUTTI_TRANSPORTS_SHM_FD_CHANNEL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "lib/base/unique_fd.h"

namespace tutti::shm {

enum class NoteKind : uint32_t {
  kAttach = 1,        // descriptors: doorbell, and from the lower rank the segment
  kWindow = 2,        // descriptors: the window of the channel
  kRegion = 3,        // descriptors: memory that messages will lie in (shared_regions.h)
  kRegionEnd = 4,     // that memory is about to go; no message lies in it any more
  kRegionMapped = 5,  // the answer to kRegion: this process can read that memory now
};

struct Note {
  static constexpr uint32_t kMark = 0x74756e31;  // "tun1"

  uint32_t mark = kMark;
  NoteKind kind = NoteKind::kAttach;
  uint64_t bytes = 0;          // length of the memory that comes along
  uint64_t token_address = 0;  // kAttach
  uint64_t token = 0;          // kAttach
  uint32_t channel = 0;        // kWindow; kRegion, kRegionEnd, kRegionMapped: the number of the region
  uint32_t flags = 0;          // kAttach
  uint64_t reserved[3] = {};
};
static_assert(sizeof(Note) == 64);

inline constexpr uint32_t kFlagBarriers =
    1;  // kAttach: this process takes part in memory barriers of others (barrier.h)

struct ReceivedNote {
  Note note;
  std::array<UniqueFd, 2> fds;
};

class FdChannel {
 public:
  FdChannel() = default;
  explicit FdChannel(UniqueFd socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.get(); }
  bool open() const { return socket_.valid(); }
  void Close() {
    socket_.Reset();
    unsent_.clear();
  }

  // The process at the other end, as the kernel says; -1 if it does not.
  int32_t PeerPid() const;

  // Sends now or, if the socket is full, with a later Flush. The descriptors are borrowed and duplicated.
  void Send(const Note& note, std::array<int, 2> fds);
  void Flush();
  bool has_unsent() const { return !unsent_.empty(); }

  enum class Result : uint8_t { kNothing, kNote, kEnd, kBroken };
  Result Receive(ReceivedNote* received);

 private:
  struct Unsent {
    Note note;
    std::array<UniqueFd, 2> fds;
  };
  bool TrySend(const Note& note, const std::array<int, 2>& fds);

  UniqueFd socket_;
  std::deque<Unsent> unsent_;
};

}  // namespace tutti::shm

#endif  // TUTTI_TRANSPORTS_SHM_FD_CHANNEL_H_
