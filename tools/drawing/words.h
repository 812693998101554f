// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them.
#ifndef TUTTI_TOOLS_DRAWING_WORDS_H_
#define TUTTI_TOOLS_DRAWING_WORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tutti::drawing {

// "0-3,8": ascending numbers. "none" for none.
std::string RangesText(const std::vector<int>& numbers);
// "32 MiB", "1.5 KiB", "7 B".
std::string BytesText(uint64_t bytes);
// "1 rank", "8 ranks".
std::string CountText(uint64_t count, absl::string_view noun);

}  // namespace tutti::drawing

#endif  // TUTTI_TOOLS_DRAWING_WORDS_H_
