// SPDX-License-Identifier: Apache-2.0
// Tells a forked child from its parent, without a system call. A child has copies of all objects, but neither the threads nor
// the connections behind them.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_FORK_GENERATION_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_FORK_GENERATION_H_

namespace tutti_torch {

// Equal for two calls exactly if no fork lies between the process of the one and that of the other. Any thread.
int ForkGeneration();

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_FORK_GENERATION_H_
