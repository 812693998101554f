// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "lib/base/unique_fd.h"

namespace tutti {
namespace {

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

absl::Status Failed(absl::string_view what, const std::string& path) {
  const int error = errno;
  const std::string sentence = absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(error));
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(sentence);
  if (error == ENOENT) return absl::NotFoundError(sentence);
  return absl::UnavailableError(sentence);
}

absl::Status MakeFolder(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/'));
  if (folder.empty() || mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return Failed("create", folder);
}

}  // namespace

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path, size_t max_bytes) {
  // Non-blocking, so that a pipe in the file's place does not hold us up.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid()) return Failed("read", path);
  struct stat facts = {};
  if (fstat(fd.get(), &facts) != 0) return Failed("look at", path);
  if (!S_ISREG(facts.st_mode) || facts.st_uid != geteuid() || (facts.st_mode & kOthers) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, " must be a regular file of this user that nobody else may read or write (mode 0600)"));
  }
  std::string content(max_bytes + 1, '\0');
  size_t bytes = 0;
  while (bytes < content.size()) {
    const ssize_t got = read(fd.get(), content.data() + bytes, content.size() - bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed("read", path);
    if (got == 0) break;
    bytes += static_cast<size_t>(got);
  }
  if (bytes > max_bytes) return absl::InvalidArgumentError(absl::StrCat(path, " is longer than ", max_bytes, " bytes"));
  content.resize(bytes);
  return content;
}

absl::Status WritePrivateFile(const std::string& path, absl::string_view content) {
  absl::Status folder = MakeFolder(path);
  if (!folder.ok()) return folder;
  std::string temporary = absl::StrCat(path, ".XXXXXX");
  const UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!fd.valid()) return Failed("create", temporary);
  absl::Status status;
  while (status.ok() && !content.empty()) {
    const ssize_t written = write(fd.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      status = Failed("write", temporary);
    } else {
      content.remove_prefix(static_cast<size_t>(written));
    }
  }
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) status = Failed("create", path);
  if (!status.ok()) unlink(temporary.c_str());
  return status;
}

void RemovePrivateFile(const std::string& path, absl::string_view content) {
  const absl::StatusOr<std::string> now = ReadPrivateFile(path, content.size());
  if (now.ok() && *now == content) unlink(path.c_str());
}

}  // namespace tutti
