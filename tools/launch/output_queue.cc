// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/output_queue.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tutti::launch {
namespace {

// Small blocks are joined, so that a chatty job costs few system calls; large ones are not, so that written bytes go away.
constexpr size_t kJoinBytes = 64 * 1024;

}  // namespace

void OutputQueue::Append(int fd, std::string_view lines) {
  if (lines.empty() || std::find(broken_.begin(), broken_.end(), fd) != broken_.end()) return;
  if (blocks_.empty() || blocks_.back().fd != fd || blocks_.back().bytes.size() > kJoinBytes) {
    blocks_.push_back(Block{fd, {}});
  }
  blocks_.back().bytes.append(lines);
  bytes_ += lines.size();
}

int OutputQueue::WriteSome() {
  Block& block = blocks_.front();
  // A pipe that poll calls writable takes PIPE_BUF bytes without blocking, and may block on more.
  const size_t length = std::min<size_t>(block.bytes.size() - block.written, PIPE_BUF);
  const ssize_t n = ::write(block.fd, block.bytes.data() + block.written, length);
  if (n < 0) {
    const int error = errno;
    if (error == EINTR || error == EAGAIN) return 0;
    DropAllFor(block.fd);
    return error;
  }
  block.written += static_cast<size_t>(n);
  bytes_ -= static_cast<size_t>(n);
  if (block.written == block.bytes.size()) blocks_.pop_front();
  return 0;
}

void OutputQueue::DropAllFor(int fd) {
  broken_.push_back(fd);
  std::deque<Block> kept;
  bytes_ = 0;
  for (Block& block : blocks_) {
    if (block.fd == fd) continue;
    bytes_ += block.bytes.size() - block.written;
    kept.push_back(std::move(block));
  }
  blocks_ = std::move(kept);
}

}  // namespace tutti::launch
