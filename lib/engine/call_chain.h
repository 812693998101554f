// SPDX-License-Identifier: Apache-2.0
// How ranks that share memory find out that they have called different things although none of them waits for, or reads
// from, the other: two that both take themselves for the root of a broadcast, say. Each keeps a chain of its last calls where
// the others can look. A link is made of the link before it and a call's signature: two links of the same number that
// differ tell that some call has differed up to there, and the links before them, which.
//
// THREADS. Add: the starter of operations. The rest: the driver. A log is written by its owner, read by all others.
#ifndef TUTTI_LIB_ENGINE_CALL_CHAIN_H_
#define TUTTI_LIB_ENGINE_CALL_CHAIN_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

namespace tutti {

// What a rank shows of its chain. Zeroed memory is that of one that has called nothing.
struct CallLog {
  static constexpr uint64_t kLinks = 128;             // those of the last calls
  static constexpr uint64_t kWriting = ~uint64_t{0};  // several links are being replaced

  std::atomic<uint64_t> calls;                      // how many were made
  std::array<std::atomic<uint64_t>, kLinks> links;  // of call number n at n % kLinks
};

class CallChain {
 public:
  // A call that differs, by its number; the signatures are 0 if it is too long ago to tell them.
  struct Difference {
    uint64_t number = 0;
    uint64_t here = 0;
    uint64_t there = 0;
  };

  // This rank makes its next call. Calls are numbered from 0.
  void Add(uint64_t signature) {
    const uint64_t number = made_.load(std::memory_order_relaxed);
    last_ = After(last_) ^ signature;
    LinkOf(number).store(last_, std::memory_order_relaxed);
    made_.store(number + 1, std::memory_order_release);
  }

  // Shows the others what was called since.
  void Show(CallLog& log);
  // How many calls they have been shown, and how many not yet.
  uint64_t shown() const { return shown_; }
  uint64_t hidden() const { return made_.load(std::memory_order_relaxed) - shown_; }

  // Looks at what a peer shows. `agreed`: that many calls are known to be the same; goes up.
  std::optional<Difference> Compare(const CallLog& peer, uint64_t* agreed) const;

 private:
  // Different for different links; and so are the links that follow them, if the same is called.
  static constexpr uint64_t After(uint64_t link) { return (link ^ link >> 29) * 0x9e3779b97f4a7c15; }

  std::atomic<uint64_t>& LinkOf(uint64_t number) { return links_[number % CallLog::kLinks]; }
  // False if it is not kept any more, or not shown yet.
  bool Own(uint64_t number, uint64_t* link) const;
  static bool Read(const CallLog& peer, uint64_t number, uint64_t* link);

  std::atomic<uint64_t> made_{0};
  uint64_t last_ = 0;   // link; the starter's
  uint64_t shown_ = 0;  // the driver's
  std::array<std::atomic<uint64_t>, CallLog::kLinks> links_{};
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_CALL_CHAIN_H_
