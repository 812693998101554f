// SPDX-License-Identifier: Apache-2.0
// A group's ranks become a tutti job with one communicator.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_JOIN_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_JOIN_H_

#include <chrono>

#include <tutti/tutti.h>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace tutti_torch {

// Blocks until all ranks have joined, or throws. The caller destroys the communicator. `timeout` is for joining, and the
// deadline of every later operation.
tutti_comm_t Join(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, std::chrono::milliseconds timeout);

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_JOIN_H_
