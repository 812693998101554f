// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/link_context.h"

#include "transports/verbs/link.h"

namespace tutti::verbs {

void LentMemory::Free(const Buffer& buffer) {
  switch (buffer.kind) {
    case Kind::kNone:
      return;
    case Kind::kPooled:
      context_.buffers.Free(buffer.pooled);
      return;
    case Kind::kReceiveSlot:
      context_.rails[buffer.rail]->slots.Free(buffer.slot);
      buffer.link->SlotFreed();
      return;
    case Kind::kStaging:
      context_.staging.Free(buffer.slot);
      context_.retry_waiters = true;
      return;
  }
}

}  // namespace tutti::verbs
