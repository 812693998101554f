// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/sizes.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

namespace tutti::bench {
namespace {

constexpr double kLargest = 0x1p60;

}  // namespace

std::optional<uint64_t> ParseSize(const std::string& text) {
  // strtod alone would also take " 8", "-8", "inf" and "0x8".
  size_t digits = 0;
  while (digits < text.size() && (std::isdigit(static_cast<unsigned char>(text[digits])) || text[digits] == '.'))
    ++digits;
  if (digits == 0 || std::count(text.begin(), text.end(), '.') > 1 || text == ".") return std::nullopt;
  double value = std::strtod(text.substr(0, digits).c_str(), nullptr);

  std::string unit = text.substr(digits);
  for (char& c : unit) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (!unit.empty()) {
    const size_t power = std::string("BKMGT").find(unit[0]);
    if (power == std::string::npos) return std::nullopt;
    const std::string rest = unit.substr(1);
    if (!rest.empty() && (power == 0 || (rest != "B" && rest != "IB"))) return std::nullopt;
    value *= std::pow(1024.0, static_cast<double>(power));
  }
  if (value > kLargest || value != std::floor(value)) return std::nullopt;
  return static_cast<uint64_t>(value);
}

std::vector<uint64_t> SizesOf(const SizeSeries& series) {
  std::vector<uint64_t> sizes;
  for (uint64_t bytes = series.min_bytes; bytes <= series.max_bytes;) {
    sizes.push_back(bytes);
    if (series.step_bytes != 0) {
      bytes += series.step_bytes;
    } else if (bytes == 0) {
      bytes = 8;
    } else {
      // At least one more, or a factor near 1 would stay where it is.
      bytes = std::max(bytes + 1, static_cast<uint64_t>(static_cast<double>(bytes) * series.factor));
    }
  }
  return sizes;
}

}  // namespace tutti::bench
