// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/line_prefixer.h"

#include <algorithm>

namespace tutti::launch {

void LinePrefixer::Emit(std::string_view line_end, std::string* lines) {
  lines->append(prefix_).append(unfinished_).append(line_end).push_back('\n');
  unfinished_.clear();
}

void LinePrefixer::Feed(std::string_view bytes, std::string* lines) {
  while (!bytes.empty()) {
    const size_t room = kMaxLineBytes - unfinished_.size();
    const size_t newline = bytes.find('\n');
    const size_t length = std::min(newline, bytes.size());
    if (length > room) {
      Emit(bytes.substr(0, room), lines);
      bytes.remove_prefix(room);
    } else if (newline != std::string_view::npos) {
      Emit(bytes.substr(0, length), lines);
      bytes.remove_prefix(length + 1);
    } else {
      unfinished_.append(bytes);
      return;
    }
  }
}

void LinePrefixer::Finish(std::string* lines) {
  if (!unfinished_.empty()) Emit("", lines);
}

}  // namespace tutti::launch
