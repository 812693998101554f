// SPDX-License-Identifier: Apache-2.0
// The ability of some transports to keep memory ready between messages: registered with their device, or mapped by peers.
#ifndef TUTTI_LIB_TRANSPORT_MEMORY_REGISTRY_H_
#define TUTTI_LIB_TRANSPORT_MEMORY_REGISTRY_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace tutti {

// Memory that a driver has handed out as a file (a dma-buf): where in it the range begins.
struct Dmabuf {
  int fd = -1;
  uint64_t offset = 0;
};

struct MemoryRange {
  void* data = nullptr;
  uint64_t bytes = 0;
  // Not -1: [data, data + bytes) is a mapping of the first bytes of this descriptor, which cannot shrink and which other
  // processes may map. Borrowed for the call.
  int shareable_fd = -1;
  // Not nullptr: the range is a mapping of that. Borrowed for the call; the descriptor may be closed after it.
  const Dmabuf* dmabuf = nullptr;
};

// THREADS. As for the transport: one at a time.
class MemoryRegistry {
 public:
  using Handle = uint64_t;

  virtual ~MemoryRegistry() = default;

  // Keeps the range ready until Deregister or the end of the transport. It must stay mapped for so long.
  // InvalidArgument: it is not there. ResourceExhausted: a limit; the sentence says which. Unimplemented: a device cannot
  // use a dma-buf.
  virtual absl::StatusOr<Handle> Register(const MemoryRange& range) = 0;

  // Messages that use the memory at this moment end well.
  virtual void Deregister(Handle handle) = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TRANSPORT_MEMORY_REGISTRY_H_
