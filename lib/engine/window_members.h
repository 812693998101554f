// SPDX-License-Identifier: Apache-2.0
// Who shares windows: the ranks of a communicator, by their rank in it, and how those that sleep are woken.
#ifndef TUTTI_LIB_ENGINE_WINDOW_MEMBERS_H_
#define TUTTI_LIB_ENGINE_WINDOW_MEMBERS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "lib/transport/window_source.h"

namespace tutti {

struct WindowMembers {
  WindowMembers(WindowSource& window_source, std::vector<int32_t> ranks, int own_rank)
      : source(window_source), job_ranks(std::move(ranks)), rank(own_rank), asleep(job_ranks.size(), nullptr) {
    for (int r = 0; r < size(); ++r) {
      if (r != rank) others.push_back(job_ranks[static_cast<size_t>(r)]);
    }
  }

  int size() const { return static_cast<int>(job_ranks.size()); }

  // Something was written that others may wait for. True if somebody was woken, which takes time.
  bool Wake() const {
    bool woke = false;
    if (barrier_needed) __sync_synchronize();
    for (size_t r = 0; r < asleep.size(); ++r) {
      if (asleep[r] == nullptr || asleep[r]->load(std::memory_order_relaxed) == 0) continue;
      source.Wake(job_ranks[r]);
      woke = true;
    }
    return woke;
  }

  WindowSource& source;
  const std::vector<int32_t> job_ranks;
  std::vector<int32_t> others;  // of these, without this one
  const int rank;
  // From when the peer's window has been found; see PeerWindow.
  std::vector<const std::atomic<uint32_t>*> asleep;
  bool barrier_needed = false;
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_WINDOW_MEMBERS_H_
