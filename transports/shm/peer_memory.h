// SPDX-License-Identifier: Apache-2.0
// Reading another process's memory (process_vm_readv), where the kernel allows it. Whether it does is found out by doing
// it: permissions depend on users, namespaces, security modules and seccomp filters.
#ifndef TUTTI_TRANSPORTS_SHM_PEER_MEMORY_H_
#define TUTTI_TRANSPORTS_SHM_PEER_MEMORY_H_

#include <cstdint>

namespace tutti::shm {

class PeerMemory {
 public:
  PeerMemory() = default;
  // Tries it: `token` must stand at `token_address` over there.
  PeerMemory(int32_t pid, uint64_t token_address, uint64_t token);

  bool readable() const { return readable_; }

  // Copies bytes of the peer's memory. 0, or the errno of what went wrong.
  int Read(uint64_t address, void* to, uint64_t bytes) const;

 private:
  int32_t pid_ = 0;
  bool readable_ = false;
};

}  // namespace tutti::shm

#endif  // TUTTI_TRANSPORTS_SHM_PEER_MEMORY_H_
