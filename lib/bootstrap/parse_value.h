// SPDX-License-Identifier: Apache-2.0
// Strict parsers for values that people write: what is not wholly understood is refused. They never know which variable
// a value is of.
#ifndef TUTTI_LIB_BOOTSTRAP_PARSE_VALUE_H_
#define TUTTI_LIB_BOOTSTRAP_PARSE_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// A decimal number from low to high: digits only (and a minus if low < 0); no spaces, plus, or hexadecimal.
std::optional<int> ParseNumber(absl::string_view text, int low, int high);

// A duration above 0 and of at most ten years: "300" and "300s" (seconds), "500ms", "2m", "1.5h", also "us" and "ns".
// In ns.
std::optional<int64_t> ParseDurationNs(absl::string_view text);

// A rate from 1Mbit to 1000Gbit: "100Mbit", "1Gbit", "2.5Gbit". In bits per second, by powers of ten.
std::optional<uint64_t> ParseBitsPerSecond(absl::string_view text);

// The shortest text that ParseDurationNs reads back as the same duration: "300s", "1500ms".
std::string FormatDuration(int64_t duration_ns);

// The same for people, in sentences: "300 s", "1.5 s", "200 ms".
std::string DescribeDuration(int64_t duration_ns);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_PARSE_VALUE_H_
