// SPDX-License-Identifier: Apache-2.0
// A file of lines that never outgrows its limit: when half of that is reached, it becomes the former file and a new one is
// begun, so that the latest lines are always there. It knows nothing of what the lines say.
//
// THREADS. One at a time.
#ifndef TUTTI_LIB_EXPORT_TRACE_FILE_H_
#define TUTTI_LIB_EXPORT_TRACE_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "lib/base/unique_fd.h"

namespace tutti {

class TraceFile {
 public:
  // `directory` is created if only its last part is missing. Files: <name>.jsonl, and <name>.former.jsonl. Both are replaced
  // if they exist. limit_bytes: of both together.
  static absl::StatusOr<TraceFile> Create(const std::string& directory, const std::string& name, int64_t limit_bytes);

  // The text ends with whole lines.
  absl::Status Append(absl::string_view text);

  // Whether it is time for Turn.
  bool is_full() const { return written_ >= limit_bytes_ / 2; }
  // The next line begins a new file.
  absl::Status Turn();

  const std::string& path() const { return path_; }

 private:
  TraceFile(std::string path, std::string former_path, int64_t limit_bytes);
  absl::Status Open();

  std::string path_;
  std::string former_path_;
  int64_t limit_bytes_;
  int64_t written_ = 0;
  UniqueFd fd_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_EXPORT_TRACE_FILE_H_
