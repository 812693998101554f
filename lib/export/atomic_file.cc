// SPDX-License-Identifier: Apache-2.0
#include "lib/export/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"

#include "lib/base/unique_fd.h"

namespace tutti {
namespace {

absl::Status WriteAll(int fd, absl::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, "write");
    content.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteAtomically(const std::string& path, absl::string_view content) {
  // In the same folder, or it could not be renamed; of a name that nobody looks for.
  const std::string draft = absl::StrCat(path, ".", ::getpid(), ".tmp");
  UniqueFd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  absl::Status status = fd.valid() ? WriteAll(fd.get(), content) : absl::ErrnoToStatus(errno, "open");
  if (status.ok() && ::rename(draft.c_str(), path.c_str()) != 0) status = absl::ErrnoToStatus(errno, "rename");
  if (status.ok()) return status;
  if (fd.valid()) ::unlink(draft.c_str());
  return absl::Status(status.code(), absl::StrCat(path, " cannot be written: ", status.message()));
}

std::string PathOfRank(const std::string& path, int32_t rank, int32_t size) {
  const size_t mark = path.find("%r");
  if (mark != std::string::npos) return absl::StrCat(path.substr(0, mark), rank, path.substr(mark + 2));
  if (size <= 1) return path;
  const size_t name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  const size_t dot = path.rfind('.');
  const size_t at = dot == std::string::npos || dot <= name ? path.size() : dot;
  return absl::StrCat(path.substr(0, at), ".rank-", rank, path.substr(at));
}

}  // namespace tutti
