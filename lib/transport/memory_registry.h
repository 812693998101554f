// SPDX-License-Identifier: Apache-2.0
// The ability of some transports to keep memory ready for their device between messages.
#ifndef TUTTI_LIB_TRANSPORT_MEMORY_REGISTRY_H_
#define TUTTI_LIB_TRANSPORT_MEMORY_REGISTRY_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace tutti {

// THREADS. As for the transport: one at a time.
class MemoryRegistry {
 public:
  using Handle = uint64_t;

  virtual ~MemoryRegistry() = default;

  // Keeps [data, data + bytes) ready until Deregister or the end of the transport. It must stay mapped for so long.
  // InvalidArgument: it is not there. ResourceExhausted: a limit; the sentence says which.
  virtual absl::StatusOr<Handle> Register(void* data, uint64_t bytes) = 0;

  // Messages that use the memory at this moment end well.
  virtual void Deregister(Handle handle) = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TRANSPORT_MEMORY_REGISTRY_H_
