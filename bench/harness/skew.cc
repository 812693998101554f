// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/skew.h"

#include <cmath>
#include <cstdlib>

namespace tutti::bench {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): the number at that place of its sequence.
uint64_t RandomAt(uint64_t place) {
  uint64_t z = (place + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double FractionAt(uint64_t place) { return static_cast<double>(RandomAt(place) >> 11) * 0x1p-53; }

std::optional<int64_t> ParseTime(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  const double factor = unit == "ns" ? 1 : unit == "us" ? 1e3 : unit == "ms" ? 1e6 : unit == "s" ? 1e9 : 0;
  if (end == text.c_str() || factor == 0 || !(value * factor >= 1 && value * factor <= 1e10)) return std::nullopt;
  return static_cast<int64_t>(value * factor);
}

}  // namespace

int64_t Skew::DelayNs(uint64_t iteration, int rank, int ranks) const {
  const auto n = static_cast<uint64_t>(ranks);
  const uint64_t place = iteration * n + static_cast<uint64_t>(rank);
  switch (kind) {
    case Kind::kNone:
      return 0;
    case Kind::kUniform:
      return static_cast<int64_t>(FractionAt(place) * static_cast<double>(time_ns));
    case Kind::kExponential:
      return static_cast<int64_t>(-std::log1p(-FractionAt(place)) * static_cast<double>(time_ns));
    case Kind::kOne:
      return RandomAt(iteration) % n == static_cast<uint64_t>(rank) ? time_ns : 0;
  }
  return 0;
}

std::optional<Skew> ParseSkew(const std::string& text) {
  if (text == "none") return Skew();
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const std::string name = text.substr(0, colon);
  const std::optional<int64_t> time_ns = ParseTime(text.substr(colon + 1));
  if (!time_ns) return std::nullopt;
  if (name == "uniform") return Skew{Skew::Kind::kUniform, *time_ns};
  if (name == "exp") return Skew{Skew::Kind::kExponential, *time_ns};
  if (name == "one") return Skew{Skew::Kind::kOne, *time_ns};
  return std::nullopt;
}

}  // namespace tutti::bench
