// SPDX-License-Identifier: Apache-2.0
// Handwritten digits from a gzipped CSV file, shuffled and split into training and test set by a fixed seed. Knows nothing of
// ranks: every rank reads the same file and gets the same sets.
#ifndef TUTTI_EXAMPLES_TRAIN_DIGITS_H_
#define TUTTI_EXAMPLES_TRAIN_DIGITS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

inline constexpr int kPixels = 64;
inline constexpr int kDigits = 10;

struct Image {
  std::array<float, kPixels> pixels;  // 0..1
  int digit;                          // 0..9
};

struct Digits {
  std::vector<Image> training;  // four fifths
  std::vector<Image> test;
};

// Throws std::runtime_error with a sentence if the file cannot be read or is not what it should be.
Digits ReadDigits(const std::string& path, uint64_t seed);

// Random numbers that are the same everywhere: the standard's distributions are not (splitmix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  float Uniform() { return static_cast<float>(Next() >> 40) * 0x1p-24f; }  // [0, 1)

  template <typename T>
  void Shuffle(std::vector<T>* items) {
    for (size_t i = items->size(); i > 1; --i) std::swap((*items)[i - 1], (*items)[Below(i)]);
  }

 private:
  uint64_t state_;
};

#endif  // TUTTI_EXAMPLES_TRAIN_DIGITS_H_
