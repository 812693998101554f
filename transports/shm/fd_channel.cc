// SPDX-License-Identifier: Apache-2.0
#include "transports/shm/fd_channel.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace tutti::shm {

int32_t FdChannel::PeerPid() const {
  ucred peer = {};
  socklen_t bytes = sizeof(peer);
  return ::getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 ? peer.pid : -1;
}

bool FdChannel::TrySend(const Note& note, const std::array<int, 2>& fds) {
  iovec piece = {const_cast<Note*>(&note), sizeof(note)};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  const size_t num_fds = fds[0] < 0 ? 0 : fds[1] < 0 ? 1 : 2;
  if (num_fds > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(num_fds * sizeof(int));
    std::memcpy(CMSG_DATA(header), fds.data(), num_fds * sizeof(int));
  }
  for (;;) {
    const ssize_t n = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    // A broken socket shows at the next Receive. Notes are so short that the kernel takes them whole or not at all.
    return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != ETOOMANYREFS);
  }
}

void FdChannel::Send(const Note& note, std::array<int, 2> fds) {
  if (!open()) return;
  if (unsent_.empty() && TrySend(note, fds)) return;
  Unsent unsent;
  unsent.note = note;
  for (size_t i = 0; i < fds.size(); ++i) {
    if (fds[i] >= 0) unsent.fds[i] = UniqueFd(::fcntl(fds[i], F_DUPFD_CLOEXEC, 0));
  }
  unsent_.push_back(std::move(unsent));
}

void FdChannel::Flush() {
  while (!unsent_.empty() &&
         TrySend(unsent_.front().note, {unsent_.front().fds[0].get(), unsent_.front().fds[1].get()})) {
    unsent_.pop_front();
  }
}

FdChannel::Result FdChannel::Receive(ReceivedNote* received) {
  iovec piece = {&received->note, sizeof(received->note)};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Result::kNothing;
  if (n <= 0) return Result::kEnd;
  size_t num_fds = 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
      UniqueFd owned(fd);
      if (num_fds < received->fds.size()) received->fds[num_fds++] = std::move(owned);
    }
  }
  const bool whole = n == static_cast<ssize_t>(sizeof(Note)) && received->note.mark == Note::kMark &&
                     (message.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) == 0;
  return whole ? Result::kNote : Result::kBroken;
}

}  // namespace tutti::shm
