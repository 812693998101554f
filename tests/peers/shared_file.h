// SPDX-License-Identifier: Apache-2.0
// An anonymous file that several mappings can share by its path.
#ifndef TUTTI_TESTS_PEERS_SHARED_FILE_H_
#define TUTTI_TESTS_PEERS_SHARED_FILE_H_

#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace tutti::peers {

class SharedFile {
 public:
  SharedFile() : fd_(::memfd_create("peers-test", MFD_CLOEXEC)) {}
  ~SharedFile() { ::close(fd_); }
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  const int fd_;
};

}  // namespace tutti::peers

#endif  // TUTTI_TESTS_PEERS_SHARED_FILE_H_
