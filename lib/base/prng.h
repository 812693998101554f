// SPDX-License-Identifier: Apache-2.0
// Seeded pseudo-random numbers that are the same on every platform and compiler, so that a failing seed replays
// exactly. (The standard's distributions are not: each library computes them differently.) Not for secrets.
#ifndef TUTTI_LIB_BASE_PRNG_H_
#define TUTTI_LIB_BASE_PRNG_H_

#include <bit>
#include <cstdint>

namespace tutti {

// One step of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). Also a good mixer
// for turning any number into a seed.
constexpr uint64_t SplitMix64(uint64_t& state) {
  state += 0x9e3779b97f4a7c15u;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// xoshiro256** (Blackman, Vigna: Scrambled Linear Pseudorandom Number Generators, 2018). Not thread-safe; a copy
// repeats the same numbers.
class Prng {
 public:
  // `stream` gives independent sequences of one seed, e.g. one for each rank.
  explicit constexpr Prng(uint64_t seed, uint64_t stream = 0) {
    uint64_t mix = stream;
    mix = seed ^ SplitMix64(mix);
    for (uint64_t& word : state_) word = SplitMix64(mix);
  }

  // Uniform over all 64-bit values.
  constexpr uint64_t Next() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Uniform over [0, bound), without bias. 0 for bound 0.
  constexpr uint64_t Below(uint64_t bound) {
    if (bound == 0) return 0;
    // The first 2^64 mod bound values would make small results likelier than others.
    const uint64_t reject_below = (0 - bound) % bound;
    uint64_t value = Next();
    while (value < reject_below) value = Next();
    return value % bound;
  }

  // Uniform over [low, high], both included. low <= high.
  constexpr int64_t Between(int64_t low, int64_t high) {
    const uint64_t width = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
    const uint64_t offset = width == UINT64_MAX ? Next() : Below(width + 1);
    return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
  }

  // Uniform over the multiples of 2^-53 in [0, 1).
  constexpr double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  // True with the given probability; never for 0 (or less), always for 1 (or more).
  constexpr bool Chance(double probability) { return Unit() < probability; }

 private:
  uint64_t state_[4] = {};
};

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_PRNG_H_
