// SPDX-License-Identifier: Apache-2.0
// The launcher's own stdout and stderr, as one queue: what was appended first is written first, even where both are the
// same terminal, so that no line lands inside another. Writing never blocks for long, so that a slow reader (a pager) does
// not keep the launcher from hearing signals and dead ranks.
#ifndef TUTTI_TOOLS_LAUNCH_OUTPUT_QUEUE_H_
#define TUTTI_TOOLS_LAUNCH_OUTPUT_QUEUE_H_

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace tutti::launch {

class OutputQueue {
 public:
  // `lines`: whole lines. Takes them whatever the queue holds already; see full().
  void Append(int fd, std::string_view lines);

  bool empty() const { return blocks_.empty(); }

  // True when nobody should read more from the ranks before some of the queue is written.
  bool full() const { return bytes_ > kFullBytes; }

  // Where the oldest bytes go to. Not when empty.
  int front_fd() const { return blocks_.front().fd; }

  // Writes a piece of the oldest bytes; call it when front_fd() is writable. Returns 0 or an errno, after which everything
  // for that descriptor is dropped, now and later.
  int WriteSome();

 private:
  static constexpr size_t kFullBytes = size_t{4} << 20;

  struct Block {
    int fd;
    std::string bytes;
    size_t written = 0;
  };

  void DropAllFor(int fd);

  std::deque<Block> blocks_;
  size_t bytes_ = 0;
  std::vector<int> broken_;  // descriptors that failed
};

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_LAUNCH_OUTPUT_QUEUE_H_
