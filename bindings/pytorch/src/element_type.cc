// SPDX-License-Identifier: Apache-2.0
#include "element_type.h"

#include <string>
#include <vector>

#include "backend_base.h"
#include "errors.h"

namespace tutti_torch {
namespace {

using RedOp = c10d::ReduceOp::RedOpType;

// False if tutti has no such type.
bool FindNumber(at::ScalarType type, ElementType* found) {
  switch (type) {
    case at::kChar:
      *found = {TUTTI_INT8, 1};
      return true;
    case at::kByte:
      *found = {TUTTI_UINT8, 1};
      return true;
    case at::kInt:
      *found = {TUTTI_INT32, 1};
      return true;
    case at::kLong:
      *found = {TUTTI_INT64, 1};
      return true;
    case at::kHalf:
      *found = {TUTTI_FLOAT16, 1};
      return true;
    case at::kBFloat16:
      *found = {TUTTI_BFLOAT16, 1};
      return true;
    case at::kFloat:
      *found = {TUTTI_FLOAT32, 1};
      return true;
    case at::kDouble:
      *found = {TUTTI_FLOAT64, 1};
      return true;
    default:
      return false;
  }
}

const char* NameOf(RedOp op) {
  switch (op) {
    case RedOp::SUM:
      return "SUM";
    case RedOp::AVG:
      return "AVG";
    case RedOp::PRODUCT:
      return "PRODUCT";
    case RedOp::MIN:
      return "MIN";
    case RedOp::MAX:
      return "MAX";
    case RedOp::BAND:
      return "BAND";
    case RedOp::BOR:
      return "BOR";
    case RedOp::BXOR:
      return "BXOR";
    case RedOp::PREMUL_SUM:
      return "PREMUL_SUM";
    default:
      return "an unknown operation";
  }
}

[[noreturn]] void RefuseReduction(at::ScalarType type, RedOp op, const char* collective) {
  Refuse(std::string(collective) + ": tutti does not compute " + NameOf(op) + " of " + c10::toString(type) +
         " elements. Convert the tensor, or choose another operation.");
}

Reduction OfBooleans(RedOp op, const char* collective) {
  switch (op) {
    case RedOp::SUM:
    case RedOp::MAX:
    case RedOp::BOR:
      return {{TUTTI_UINT8, 1}, TUTTI_MAX};
    case RedOp::PRODUCT:
    case RedOp::MIN:
    case RedOp::BAND:
      return {{TUTTI_UINT8, 1}, TUTTI_MIN};
    case RedOp::BXOR:
      return {{TUTTI_UINT8, 1}, TUTTI_XOR};
    default:
      RefuseReduction(at::kBool, op, collective);
  }
}

// Their parts are summed up apart.
Reduction OfComplexNumbers(at::ScalarType type, RedOp op, const char* collective) {
  const bool is_known = type == at::kComplexFloat || type == at::kComplexDouble;
  if (!is_known || (op != RedOp::SUM && op != RedOp::AVG)) RefuseReduction(type, op, collective);
  return {{type == at::kComplexFloat ? TUTTI_FLOAT32 : TUTTI_FLOAT64, 2}, op == RedOp::SUM ? TUTTI_SUM : TUTTI_AVG};
}

// False if tutti has no such operation for numbers of that kind.
bool FindOperation(RedOp op, bool is_integer, tutti_op_t* found) {
  switch (op) {
    case RedOp::SUM:
      *found = TUTTI_SUM;
      return true;
    case RedOp::AVG:
      *found = TUTTI_AVG;
      return true;
    case RedOp::PRODUCT:
      *found = TUTTI_PROD;
      return true;
    case RedOp::MIN:
      *found = TUTTI_MIN;
      return true;
    case RedOp::MAX:
      *found = TUTTI_MAX;
      return true;
    case RedOp::BAND:
      *found = TUTTI_AND;
      return is_integer;
    case RedOp::BOR:
      *found = TUTTI_OR;
      return is_integer;
    case RedOp::BXOR:
      *found = TUTTI_XOR;
      return is_integer;
    default:
      return false;
  }
}

double FactorOf(const c10d::ReduceOp& op, const char* collective) {
  const std::string name = std::string(collective) + ": PREMUL_SUM";
  const auto* supplement = dynamic_cast<const c10d::NCCLPreMulSumSupplement*>(op.supplement_.get());
  if (supplement == nullptr) {
    Refuse(name + " has no factor: make the operation with torch.distributed._make_nccl_premul_sum(factor).");
  }
  const std::vector<at::Tensor> tensors = FactorTensors(*supplement);
  if (tensors.empty()) return supplement->double_factor;
  const at::Tensor& factor = tensors[0];
  if (tensors.size() != 1 || !factor.defined() || factor.numel() != 1 || factor.is_complex()) {
    Refuse(name + " takes one factor, a number or a tensor of one real element.");
  }
  return factor.item<double>();
}

// The sum of what is multiplied by this rank's factor first.
Reduction OfScaledNumbers(at::ScalarType type, const c10d::ReduceOp& op, const char* collective) {
  if (!c10::isFloatingType(type) && !c10::isComplexType(type)) {
    Refuse(
        std::string(collective) + ": PREMUL_SUM of " + c10::toString(type) +
        " elements: tutti multiplies floating-point numbers only. Convert the tensor, or multiply it yourself and use "
        "SUM.");
  }
  Reduction reduction = ReductionOf(type, RedOp::SUM, collective);
  reduction.factor = FactorOf(op, collective);
  return reduction;
}

}  // namespace

ElementType TypeToMove(at::ScalarType type) {
  ElementType found;
  if (FindNumber(type, &found)) return found;
  return {TUTTI_UINT8, c10::elementSize(type)};
}

Reduction ReductionOf(at::ScalarType type, const c10d::ReduceOp& op, const char* collective) {
  const RedOp kind = op.op_;
  if (kind == RedOp::PREMUL_SUM) return OfScaledNumbers(type, op, collective);
  if (type == at::kBool) return OfBooleans(kind, collective);
  if (c10::isComplexType(type)) return OfComplexNumbers(type, kind, collective);
  Reduction reduction;
  const bool is_integer = c10::isIntegralType(type, /*includeBool=*/false);
  if (!FindNumber(type, &reduction.type) || !FindOperation(kind, is_integer, &reduction.op)) {
    RefuseReduction(type, kind, collective);
  }
  return reduction;
}

}  // namespace tutti_torch
