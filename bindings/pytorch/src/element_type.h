// SPDX-License-Identifier: Apache-2.0
// How tutti sees torch's element types and reductions.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_ELEMENT_TYPE_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_ELEMENT_TYPE_H_

#include <optional>

#include <ATen/ATen.h>
#include <tutti/tutti.h>
#include <torch/csrc/distributed/c10d/Types.hpp>

namespace tutti_torch {

struct ElementType {
  tutti_dtype_t dtype = TUTTI_UINT8;
  size_t per_element = 1;  // of tutti's elements in one of torch's
};

struct Reduction {
  ElementType type;
  tutti_op_t op = TUTTI_SUM;
  std::optional<double> factor = std::nullopt;  // of PREMUL_SUM: by which this rank's elements are multiplied first

  // As tutti's options want it; valid as long as this object.
  const double* scale() const { return factor ? &*factor : nullptr; }
};

// For what only moves elements: every type that torch has; those that tutti does not know go as bytes.
ElementType TypeToMove(at::ScalarType type);

// For what computes. Refuses, naming `collective`, what tutti cannot compute. Booleans are true or false afterwards: their
// sum and maximum are "any", their product and minimum "all".
Reduction ReductionOf(at::ScalarType type, const c10d::ReduceOp& op, const char* collective);

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_ELEMENT_TYPE_H_
