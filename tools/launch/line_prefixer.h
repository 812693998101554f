// SPDX-License-Identifier: Apache-2.0
// Turns a stream of bytes into whole lines that begin with a prefix. Knows nothing of where bytes come from or go to.
#ifndef TUTTI_TOOLS_LAUNCH_LINE_PREFIXER_H_
#define TUTTI_TOOLS_LAUNCH_LINE_PREFIXER_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace tutti::launch {

// Bounds the memory that one rank can make the launcher hold: a longer line is broken here, and goes on as a line of its
// own with the same prefix.
inline constexpr size_t kMaxLineBytes = size_t{1} << 20;

class LinePrefixer {
 public:
  explicit LinePrefixer(std::string prefix) : prefix_(std::move(prefix)) {}

  // Takes more of the stream; appends the lines that are now complete to *lines.
  void Feed(std::string_view bytes, std::string* lines);

  // The stream has ended: appends an unfinished last line, if there is one, and the newline that it lacks.
  void Finish(std::string* lines);

 private:
  void Emit(std::string_view line_end, std::string* lines);

  std::string prefix_;
  std::string unfinished_;
};

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_LAUNCH_LINE_PREFIXER_H_
