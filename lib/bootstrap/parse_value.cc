// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/parse_value.h"

#include <array>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/clock.h"

namespace tutti {
namespace {

struct Unit {
  absl::string_view name;
  int64_t ns;
};

// From the largest to the smallest.
constexpr std::array<Unit, 6> kUnits = {{{"h", 3600 * kNsPerSecond},
                                         {"m", 60 * kNsPerSecond},
                                         {"s", kNsPerSecond},
                                         {"ms", kNsPerMs},
                                         {"us", kNsPerUs},
                                         {"ns", 1}}};

constexpr int64_t kMaxDurationNs = 87'600 * 3600 * kNsPerSecond;

bool IsNumeral(absl::string_view text) {
  if (text.empty() || text.size() > 20 || !absl::ascii_isdigit(static_cast<unsigned char>(text[0]))) return false;
  int points = 0;
  for (char c : text) {
    if (c == '.') {
      ++points;
    } else if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      return false;
    }
  }
  return points <= 1 && text.back() != '.';
}

}  // namespace

std::optional<int> ParseNumber(absl::string_view text, int low, int high) {
  absl::string_view digits = text;
  if (low < 0 && !digits.empty() && digits[0] == '-') digits.remove_prefix(1);
  if (digits.empty() || digits.size() > 10) return std::nullopt;
  for (char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
  }
  int value = 0;
  if (!absl::SimpleAtoi(text, &value) || value < low || value > high) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseDurationNs(absl::string_view text) {
  size_t numeral_bytes = 0;
  while (numeral_bytes < text.size() && !absl::ascii_isalpha(static_cast<unsigned char>(text[numeral_bytes]))) {
    ++numeral_bytes;
  }
  const absl::string_view numeral = text.substr(0, numeral_bytes);
  const absl::string_view unit_name = text.substr(numeral_bytes);
  if (!IsNumeral(numeral)) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (unit_name != unit.name && !(unit_name.empty() && unit.ns == kNsPerSecond)) continue;
    // Whole and fraction apart: a double alone would not give back large numbers of nanoseconds exactly.
    const size_t point = numeral.find('.');
    int64_t whole = 0;
    if (!absl::SimpleAtoi(numeral.substr(0, point), &whole) || whole > kMaxDurationNs / unit.ns) return std::nullopt;
    double fraction = 0;
    if (point != absl::string_view::npos && !absl::SimpleAtod(absl::StrCat("0", numeral.substr(point)), &fraction)) {
      return std::nullopt;
    }
    const int64_t ns = whole * unit.ns + static_cast<int64_t>(fraction * static_cast<double>(unit.ns) + 0.5);
    if (ns <= 0 || ns > kMaxDurationNs) return std::nullopt;
    return ns;
  }
  return std::nullopt;
}

std::optional<uint64_t> ParseBitsPerSecond(absl::string_view text) {
  constexpr double kLeast = 1e6, kMost = 1e12;
  double unit = 0;
  if (absl::ConsumeSuffix(&text, "Mbit")) {
    unit = 1e6;
  } else if (absl::ConsumeSuffix(&text, "Gbit")) {
    unit = 1e9;
  }
  double value = 0;
  if (unit == 0 || !IsNumeral(text) || !absl::SimpleAtod(text, &value)) return std::nullopt;
  const double bits = value * unit;
  if (!(bits >= kLeast && bits <= kMost)) return std::nullopt;
  return static_cast<uint64_t>(bits);
}

std::string FormatDuration(int64_t duration_ns) {
  for (const Unit& unit : kUnits) {
    if (unit.ns > kNsPerSecond) continue;  // "300s" reads better than "5m"
    if (duration_ns % unit.ns == 0) return absl::StrCat(duration_ns / unit.ns, unit.name);
  }
  return absl::StrCat(duration_ns, "ns");
}

std::string DescribeDuration(int64_t duration_ns) {
  for (const Unit& unit : kUnits) {
    if (unit.ns > kNsPerSecond || duration_ns < unit.ns) continue;
    // Three digits are enough for people.
    const double value = static_cast<double>(duration_ns) / static_cast<double>(unit.ns);
    const double rounded = static_cast<double>(static_cast<int64_t>(value * 100 + 0.5)) / 100;
    return absl::StrCat(rounded, " ", unit.name);
  }
  return "0 s";
}

}  // namespace tutti
