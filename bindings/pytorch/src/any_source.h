// SPDX-License-Identifier: Apache-2.0
// Receives of any sender. tutti matches messages by their sender; so a message is looked for first, and when one has come it
// is received from the rank that sent it. Receives of the same tag take messages in the order of their calls.
//
// While no message has come, one thread looks now and then, and sleeps in between. It is started when it is first needed,
// and sleeps for good while there is nothing to look for.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_ANY_SOURCE_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_ANY_SOURCE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "completion_threads.h"
#include "operation_work.h"

namespace tutti_torch {

// Any thread. Owned by std::shared_ptr, as it cannot be destroyed in a forked child.
class AnySourceReceives {
 public:
  struct Receive {
    c10::intrusive_ptr<OperationWork> work;
    int32_t tag = 0;
    std::chrono::milliseconds timeout{0};
    // Looks once for a message. True: one has come, and the work has its request; or it has failed, and knows why.
    std::function<bool(OperationWork&)> try_to_start;
  };

  // Receives that have started are added to `threads`.
  explicit AnySourceReceives(std::shared_ptr<CompletionThreads> threads) : threads_(std::move(threads)) {}
  AnySourceReceives(const AnySourceReceives&) = delete;
  AnySourceReceives& operator=(const AnySourceReceives&) = delete;

  void Add(Receive receive);

  // How many have not started.
  size_t waiting() const;

  // Those that have not started fail. When it returns, none of the functions that were added is called any more, and nothing
  // may be added. Not from such a function.
  void Close();

 private:
  struct Entry {
    Receive receive;
    std::chrono::steady_clock::time_point deadline;
  };
  using Place = std::list<Entry>::iterator;

  void Run();
  bool LookOnce();
  Place FirstOf(int32_t tag);

  const std::shared_ptr<CompletionThreads> threads_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Entry> waiting_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_ANY_SOURCE_H_
