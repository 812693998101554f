// SPDX-License-Identifier: Apache-2.0
// Finds what is known about a message by its id. It never knows what that is. Open addressing with linear probing over
// 24-byte cells; the entries live in a pool and never move. Allocates only while it grows.
#ifndef TUTTI_LIB_TRANSPORT_MATCH_TABLE_H_
#define TUTTI_LIB_TRANSPORT_MATCH_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/checks.h"
#include "lib/base/slot_pool.h"
#include "lib/transport/transport.h"

namespace tutti {

template <typename T>
class MatchTable {
 public:
  MatchTable() : cells_(kInitialCells) {}

  size_t size() const { return entries_.size(); }

  // nullptr if the id is unknown. An entry's address is good until it is erased.
  T* Find(const MessageId& id) {
    for (size_t at = Home(id);; at = Next(at)) {
      if (cells_[at].entry == Pool::kNullHandle) return nullptr;
      if (cells_[at].id == id) return entries_.Get(cells_[at].entry);
    }
  }

  // A fresh entry for an id that is not in the table.
  T* Insert(const MessageId& id) {
    if ((size() + 1) * 4 > cells_.size() * 3) Grow();
    const typename Pool::Handle entry = entries_.Acquire();
    TUTTI_DCHECK(entry != Pool::kNullHandle, "the pool has no upper limit");
    Place(Cell{id, entry});
    return entries_.Get(entry);
  }

  void Erase(const MessageId& id) {
    size_t hole = Home(id);
    while (!(cells_[hole].id == id) || cells_[hole].entry == Pool::kNullHandle) {
      TUTTI_DCHECK(cells_[hole].entry != Pool::kNullHandle, "an id is erased that is not in the table");
      if (cells_[hole].entry == Pool::kNullHandle) return;
      hole = Next(hole);
    }
    entries_.Release(cells_[hole].entry);
    // Move later cells of the run back, so that no search stops at the hole before it meets its cell.
    for (size_t at = Next(hole); cells_[at].entry != Pool::kNullHandle; at = Next(at)) {
      const size_t home = Home(cells_[at].id);
      if (((at - home) & Mask()) >= ((at - hole) & Mask())) {
        cells_[hole] = cells_[at];
        hole = at;
      }
    }
    cells_[hole] = Cell();
  }

  // For control paths.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const Cell& cell : cells_) {
      if (cell.entry != Pool::kNullHandle) visit(cell.id, *entries_.Get(cell.entry));
    }
  }

  // Erases each entry for which visit(id, entry) returns true. For control paths.
  template <typename Visit>
  void EraseIf(Visit&& visit) {
    std::vector<MessageId> doomed;
    for (const Cell& cell : cells_) {
      if (cell.entry != Pool::kNullHandle && visit(cell.id, *entries_.Get(cell.entry))) doomed.push_back(cell.id);
    }
    for (const MessageId& id : doomed) Erase(id);
  }

 private:
  using Pool = SlotPool<T>;
  static constexpr size_t kInitialCells = 64;  // a power of two

  struct Cell {
    MessageId id;
    typename Pool::Handle entry = Pool::kNullHandle;
  };

  size_t Mask() const { return cells_.size() - 1; }
  size_t Next(size_t at) const { return (at + 1) & Mask(); }
  size_t Home(const MessageId& id) const {
    uint64_t mix = id.sequence * 0x9e3779b97f4a7c15u;
    mix ^= (uint64_t{id.channel} << 32 | id.index) * 0xc2b2ae3d27d4eb4fu;
    mix ^= mix >> 32;
    return (mix * 0xff51afd7ed558ccdu >> 32) & Mask();
  }

  void Place(const Cell& cell) {
    size_t at = Home(cell.id);
    while (cells_[at].entry != Pool::kNullHandle) at = Next(at);
    cells_[at] = cell;
  }

  void Grow() {
    std::vector<Cell> old(cells_.size() * 2);
    old.swap(cells_);
    for (const Cell& cell : old) {
      if (cell.entry != Pool::kNullHandle) Place(cell);
    }
  }

  std::vector<Cell> cells_;
  Pool entries_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TRANSPORT_MATCH_TABLE_H_
