// SPDX-License-Identifier: Apache-2.0
// What differs between torch 1.13 and torch 2: the class that a backend derives from, and how PREMUL_SUM holds its factor.
// Nothing else in this folder asks for torch's version.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_BACKEND_BASE_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_BACKEND_BASE_H_

#include <vector>

#include <ATen/ATen.h>  // before the next ones, which in torch 1.13 do not include all that they use
#include <torch/version.h>
#include <torch/csrc/distributed/c10d/Types.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>

#if TORCH_VERSION_MAJOR >= 2
#include <torch/csrc/distributed/c10d/Backend.hpp>
#else
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#endif

namespace tutti_torch {

#if TORCH_VERSION_MAJOR >= 2
using BackendBase = c10d::Backend;
// Marks what torch 1.13 does not ask for.
#define TUTTI_TORCH_OVERRIDE_IN_2 override

// The factor of PREMUL_SUM as tensors; none if it is a number.
inline std::vector<at::Tensor> FactorTensors(const c10d::NCCLPreMulSumSupplement& supplement) {
  if (!supplement.tensor_factor.defined()) return {};
  return {supplement.tensor_factor};
}
#else
using BackendBase = c10d::ProcessGroup;
#define TUTTI_TORCH_OVERRIDE_IN_2

// The factor of PREMUL_SUM as tensors, one for each device; none if it is a number.
inline std::vector<at::Tensor> FactorTensors(const c10d::NCCLPreMulSumSupplement& supplement) {
  return supplement.tensor_factors;
}
#endif

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_BACKEND_BASE_H_
