// SPDX-License-Identifier: Apache-2.0
// One rail of a rank: a port that carries its messages, and what was made from it. A rank has one or a few of them.
#ifndef TUTTI_TRANSPORTS_VERBS_RAIL_H_
#define TUTTI_TRANSPORTS_VERBS_RAIL_H_

#include <cstdint>
#include <memory>

#include "transports/verbs/completion_queue.h"
#include "transports/verbs/device.h"
#include "transports/verbs/rail_speed.h"
#include "transports/verbs/receive_slots.h"

namespace tutti::verbs {

// In this order: each may use what was made before it, and goes before that.
struct Rail {
  std::unique_ptr<Device> device;
  CompletionQueue queue;
  ReceiveSlots slots;
  ImmediateReceives immediates;
  uint32_t grants = 0;  // that are out for it
  RailSpeed speed;
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_RAIL_H_
