// SPDX-License-Identifier: Apache-2.0
#include "collectives/patterns/bine_tree.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace tutti {
namespace {

// The digits of weight -2, -8, ...: a number in base -2 is the sum of its digits in base 2, less twice those.
constexpr uint32_t kNegativeDigits = 0xAAAAAAAAu;

uint32_t DigitsOf(int value) { return (static_cast<uint32_t>(value) + kNegativeDigits) ^ kNegativeDigits; }
int ValueOf(uint32_t digits) { return static_cast<int>((digits ^ kNegativeDigits) - kNegativeDigits); }
uint32_t LowestDigits(int num) { return (uint32_t{1} << num) - 1; }

}  // namespace

BineTree BineTreeOf(int num_ranks, int root, int rank) {
  BineTree tree;
  const int relative = (rank + num_ranks - root) % num_ranks;
  const auto rank_of = [&](int other) { return (other + root) % num_ranks; };
  const int num_digits = std::bit_width(static_cast<unsigned>(num_ranks)) - 1;
  const int core = 1 << num_digits;
  const int extra = num_ranks - core;  // so many pairs are folded
  const bool folded = relative < 2 * extra;
  if (folded && relative % 2 != 0) {
    tree.parent = rank_of(relative - 1);
    return tree;
  }

  // Of the core, numbers that its digits cannot express are those on the other side of the root.
  const auto most = static_cast<int>(~kNegativeDigits & LowestDigits(num_digits));
  const int number = folded ? relative / 2 : relative - extra;
  const uint32_t digits = DigitsOf(number <= most ? number : number - core);
  const auto flipped = [&](int num) {
    const int value = ValueOf(digits ^ LowestDigits(num));
    const int other = value < 0 ? value + core : value;
    return rank_of(other < extra ? 2 * other : other + extra);
  };
  int run = num_digits + 1;
  if (number != 0) {
    run = std::min(num_digits, digits % 2 != 0 ? std::countr_one(digits) : std::countr_zero(digits));
    tree.parent = flipped(run);
  }
  for (int num = run - 1; num >= 1; --num) tree.children.push_back(flipped(num));
  if (folded) tree.children.push_back(rank_of(relative + 1));
  return tree;
}

}  // namespace tutti
