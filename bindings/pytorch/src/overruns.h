// SPDX-License-Identifier: Apache-2.0
// Operations that took longer than their budget, from the thread that noticed it to one that may do something about it: tutti
// tells in the middle of its work, where nobody may take Python's interpreter lock.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_OVERRUNS_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_OVERRUNS_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include <tutti/tutti.h>

namespace tutti_torch {

struct Overrun {
  std::string sentence;  // tutti's
  int64_t total_ns = 0;
  int64_t budget_ns = 0;
  int culprit = -1;  // a rank of the group; -1: this one, or not known
};

// Any thread.
class Overruns {
 public:
  // If nobody takes them, the latest so many are kept.
  static constexpr size_t kCapacity = 256;

  // tutti_overrun_fn, of which the context is an Overruns.
  static void Callback(void* context, const tutti_overrun_t* overrun);

  // Blocks until there is one. Nothing: closed.
  std::optional<Overrun> Take();
  void Close();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Overrun> entries_;
  bool closed_ = false;
};

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_OVERRUNS_H_
