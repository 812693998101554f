// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/call_chain.h"

#include <algorithm>

namespace tutti {

void CallChain::Show(CallLog& log) {
  const uint64_t made = made_.load(std::memory_order_acquire);
  const uint64_t since = made - shown_;
  if (since == 0) return;
  // One link takes the place of one that nobody reads any more (Read); of several a reader has to be warned.
  if (since > 1) log.calls.store(CallLog::kWriting, std::memory_order_relaxed);
  for (uint64_t number = std::max(shown_, made - std::min(made, CallLog::kLinks)); number < made; ++number) {
    log.links[number % CallLog::kLinks].store(LinkOf(number).load(std::memory_order_relaxed),
                                              std::memory_order_release);
  }
  log.calls.store(made, std::memory_order_release);
  shown_ = made;
}

bool CallChain::Own(uint64_t number, uint64_t* link) const {
  *link = links_[number % CallLog::kLinks].load(std::memory_order_acquire);
  const uint64_t made = made_.load(std::memory_order_relaxed);
  return number < shown_ && made - number < CallLog::kLinks;
}

bool CallChain::Read(const CallLog& peer, uint64_t number, uint64_t* link) {
  *link = peer.links[number % CallLog::kLinks].load(std::memory_order_acquire);
  const uint64_t calls = peer.calls.load(std::memory_order_relaxed);
  return calls != CallLog::kWriting && number < calls && calls - number < CallLog::kLinks;
}

std::optional<CallChain::Difference> CallChain::Compare(const CallLog& peer, uint64_t* agreed) const {
  const uint64_t calls = peer.calls.load(std::memory_order_acquire);
  if (calls == CallLog::kWriting) return std::nullopt;
  const uint64_t common = std::min(calls, shown_);
  if (common <= *agreed) return std::nullopt;
  uint64_t number = common - 1;
  uint64_t here = 0;
  uint64_t there = 0;
  // One that is too far ahead will be met later: the chain remembers.
  if (!Own(number, &here) || !Read(peer, number, &there)) return std::nullopt;
  if (here == there) {
    *agreed = common;
    return std::nullopt;
  }
  for (;;) {
    uint64_t here_before = 0;
    uint64_t there_before = 0;
    if (number > 0) {
      if (!Own(number - 1, &here_before)) return Difference{number, 0, 0};
      if (number == *agreed) {
        there_before = here_before;
      } else if (!Read(peer, number - 1, &there_before)) {
        return Difference{number, 0, 0};
      }
    }
    if (here_before == there_before) return Difference{number, here ^ After(here_before), there ^ After(there_before)};
    --number;
    here = here_before;
    there = there_before;
  }
}

}  // namespace tutti
