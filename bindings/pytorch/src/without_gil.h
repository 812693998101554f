// SPDX-License-Identifier: Apache-2.0
// Waiting for other threads, which may need Python's interpreter lock: to destroy a tensor, or to run a callback.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_WITHOUT_GIL_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_WITHOUT_GIL_H_

#include <ATen/ATen.h>  // before the next one, which in torch 1.13 does not include all that it uses
#include <c10/util/FunctionRef.h>

namespace tutti_torch {

// Calls the function, without the interpreter lock if this thread holds it, and takes it again afterwards. Any thread.
void WithoutGil(c10::function_ref<void()> function);

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_WITHOUT_GIL_H_
