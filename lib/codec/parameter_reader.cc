// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/parameter_reader.h"

#include <bit>
#include <charconv>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tutti {

void ParameterReader::Refuse(const char* key, const std::string& wanted) {
  if (!status_.ok()) return;
  status_ = absl::InvalidArgumentError(
      absl::StrCat("codec ", identity_.name, ": ", key, "=", identity_.parameters.at(key), " is not ", wanted));
}

uint64_t ParameterReader::Number(const char* key) {
  std::string& text = identity_.parameters.at(key);
  uint64_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) {
    Refuse(key, "a whole number from 0 to 2^64 - 1");
    return 0;
  }
  text = absl::StrCat(value);
  return value;
}

int ParameterReader::Log2(const char* key, int least, int most) {
  const uint64_t value = Number(key);
  const int log2 = std::bit_width(value) - 1;
  if (std::has_single_bit(value) && log2 >= least && log2 <= most) return log2;
  Refuse(key, absl::StrCat("a power of two from ", uint64_t{1} << least, " to ", uint64_t{1} << most));
  return least;
}

double ParameterReader::Real(const char* key, double above, double most) {
  std::string& text = identity_.parameters.at(key);
  double value = 0;
  if (!absl::SimpleAtod(text, &value) || !std::isfinite(value) || value <= above || value > most) {
    Refuse(key, absl::StrCat("a number above ", above, " and up to ", most));
    return most;
  }
  char shortest[64];
  const auto end = std::to_chars(shortest, shortest + sizeof(shortest), value).ptr;
  text.assign(shortest, end);
  return value;
}

bool ParameterReader::Choice(const char* key, const char* first, const char* second) {
  const std::string& text = identity_.parameters.at(key);
  if (text != first && text != second) Refuse(key, absl::StrCat(first, " or ", second));
  return text == second;
}

}  // namespace tutti
