// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/job_directory.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace tutti::launch {

bool JobDirectory::Create(std::string* error) {
  const char* base = ::getenv("TMPDIR");
  // A rendezvous must be an absolute path: the ranks may change their working directory.
  std::string path = base != nullptr && base[0] == '/' ? base : "/tmp";
  path += "/tutti-run-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    *error =
        "cannot create a directory like " + path + ": " + std::strerror(errno) + "; set TMPDIR to a writable place";
    return false;
  }
  path_ = path;
  return true;
}

JobDirectory::~JobDirectory() {
  if (!path_.empty()) RemoveTree(path_);
}

void RemoveTree(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

}  // namespace tutti::launch
