// SPDX-License-Identifier: Apache-2.0
// Owners of what libibverbs hands out. Each is destroyed before what it was made from.
#ifndef TUTTI_TRANSPORTS_VERBS_HANDLES_H_
#define TUTTI_TRANSPORTS_VERBS_HANDLES_H_

#include <infiniband/verbs.h>

#include <memory>

namespace tutti::verbs {

template <auto kDestroy>
struct Destroyer {
  template <typename T>
  void operator()(T* object) const {
    (void)kDestroy(object);
  }
};

using ContextHandle = std::unique_ptr<ibv_context, Destroyer<ibv_close_device>>;
using DomainHandle = std::unique_ptr<ibv_pd, Destroyer<ibv_dealloc_pd>>;
using ChannelHandle = std::unique_ptr<ibv_comp_channel, Destroyer<ibv_destroy_comp_channel>>;
using QueueHandle = std::unique_ptr<ibv_cq, Destroyer<ibv_destroy_cq>>;
using SharedQueueHandle = std::unique_ptr<ibv_srq, Destroyer<ibv_destroy_srq>>;
using PairHandle = std::unique_ptr<ibv_qp, Destroyer<ibv_destroy_qp>>;
using RegionHandle = std::unique_ptr<ibv_mr, Destroyer<ibv_dereg_mr>>;

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_HANDLES_H_
