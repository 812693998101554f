// SPDX-License-Identifier: Apache-2.0
#include "transports/shm/peer_memory.h"

#include <sys/uio.h>

#include <cerrno>

namespace tutti::shm {

PeerMemory::PeerMemory(int32_t pid, uint64_t token_address, uint64_t token) : pid_(pid) {
  uint64_t found = 0;
  readable_ = pid > 0 && Read(token_address, &found, sizeof(found)) == 0 && found == token;
}

int PeerMemory::Read(uint64_t address, void* to, uint64_t bytes) const {
  uint64_t done = 0;
  while (done < bytes) {
    const iovec local = {static_cast<char*>(to) + done, bytes - done};
    const iovec remote = {reinterpret_cast<void*>(address + done), bytes - done};
    const ssize_t n = ::process_vm_readv(pid_, &local, 1, &remote, 1, 0);
    if (n <= 0) return n < 0 ? errno : EFAULT;
    done += static_cast<uint64_t>(n);
  }
  return 0;
}

}  // namespace tutti::shm
