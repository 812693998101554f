// SPDX-License-Identifier: Apache-2.0
// A map from addresses to values that are equal over long stretches: one entry per stretch, so that the cost of a check
// depends on how finely a schedule cuts memory and not on how much memory there is.
#ifndef TUTTI_COLLECTIVES_CHECK_INTERVAL_MAP_H_
#define TUTTI_COLLECTIVES_CHECK_INTERVAL_MAP_H_

#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/container/btree_map.h"

#include "collectives/check/memory_layout.h"

namespace tutti::check {

template <typename Value>
class IntervalMap {
 public:
  // All addresses [0, size) have the value `initial`.
  IntervalMap(uint64_t size, Value initial) : size_(size) {
    if (size > 0) begins_.emplace(0, std::move(initial));
  }

  // Calls visit(AddressRange part, const Value&) for each stretch of the range, in order, until it returns false.
  template <typename Visitor>
  void Visit(const AddressRange& range, Visitor visit) const {
    if (range.empty()) return;
    auto it = std::prev(begins_.upper_bound(range.begin));
    for (uint64_t begin = range.begin; begin < range.end;) {
      const auto next = std::next(it);
      const uint64_t stretch_end = next == begins_.end() ? size_ : next->first;
      const uint64_t end = stretch_end < range.end ? stretch_end : range.end;
      if (!visit(AddressRange{begin, end}, it->second)) return;
      begin = end;
      it = next;
    }
  }

  // Calls change(Value&) for each stretch of the range; stretches are cut at its borders first.
  template <typename Change>
  void Update(const AddressRange& range, Change change) {
    if (range.empty()) return;
    Cut(range.begin);
    Cut(range.end);
    for (auto it = begins_.find(range.begin); it != begins_.end() && it->first < range.end; ++it) change(it->second);
  }

  // Gives the range one value.
  void Assign(const AddressRange& range, Value value) {
    if (range.empty()) return;
    Cut(range.end);
    auto first = begins_.lower_bound(range.begin);
    auto last = begins_.lower_bound(range.end);
    // Most assignments repeat earlier borders: change such an entry where it stands.
    if (first != last && first->first == range.begin) {
      first->second = std::move(value);
      begins_.erase(std::next(first), last);
      return;
    }
    begins_.erase(first, last);
    begins_.emplace(range.begin, std::move(value));
  }

  size_t num_stretches() const { return begins_.size(); }

 private:
  void Cut(uint64_t address) {
    if (address >= size_) return;
    auto next = begins_.upper_bound(address);
    auto it = std::prev(next);
    if (it->first == address) return;
    Value copy = it->second;
    begins_.emplace_hint(next, address, std::move(copy));
  }

  uint64_t size_;
  absl::btree_map<uint64_t, Value> begins_;  // by first address; a stretch ends where the next begins
};

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_INTERVAL_MAP_H_
