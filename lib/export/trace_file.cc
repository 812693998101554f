// SPDX-License-Identifier: Apache-2.0
#include "lib/export/trace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tutti {

TraceFile::TraceFile(std::string path, std::string former_path, int64_t limit_bytes)
    : path_(std::move(path)), former_path_(std::move(former_path)), limit_bytes_(limit_bytes) {}

absl::StatusOr<TraceFile> TraceFile::Create(const std::string& directory, const std::string& name,
                                            int64_t limit_bytes) {
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat("the folder ", directory, " cannot be made"));
  }
  const std::string path = absl::StrCat(directory, "/", name);
  TraceFile file(absl::StrCat(path, ".jsonl"), absl::StrCat(path, ".former.jsonl"), limit_bytes);
  ::unlink(file.former_path_.c_str());
  absl::Status status = file.Open();
  if (!status.ok()) return status;
  return file;
}

absl::Status TraceFile::Open() {
  fd_.Reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  written_ = 0;
  return fd_.valid() ? absl::OkStatus() : absl::ErrnoToStatus(errno, absl::StrCat(path_, " cannot be written"));
}

absl::Status TraceFile::Append(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd_.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, absl::StrCat(path_, " cannot be written"));
    text.remove_prefix(static_cast<size_t>(n));
    written_ += n;
  }
  return absl::OkStatus();
}

absl::Status TraceFile::Turn() {
  if (::rename(path_.c_str(), former_path_.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat(path_, " cannot be renamed to ", former_path_));
  }
  return Open();
}

}  // namespace tutti
