// SPDX-License-Identifier: Apache-2.0
#include "element_type.h"

#include <string>

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
    default:
      RefuseReduction(at::kBool, op, collective);
  }
}

}  // namespace

ElementType TypeToMove(at::ScalarType type) {
  ElementType found;
  if (FindNumber(type, &found)) return found;
  return {TUTTI_UINT8, c10::elementSize(type)};
}

Reduction ReductionOf(at::ScalarType type, const c10d::ReduceOp& op, const char* collective) {
  const RedOp kind = op.op_;
  if (type == at::kBool) return OfBooleans(kind, collective);
  ElementType element;
  const bool is_complex = type == at::kComplexFloat || type == at::kComplexDouble;
  if (is_complex) element = {type == at::kComplexFloat ? TUTTI_FLOAT32 : TUTTI_FLOAT64, 2};
  if (!is_complex && !FindNumber(type, &element)) RefuseReduction(type, kind, collective);
  switch (kind) {
    case RedOp::SUM:
      return {element, TUTTI_SUM};
    case RedOp::AVG:
      return {element, TUTTI_AVG};
    case RedOp::PRODUCT:
      if (!is_complex) return {element, TUTTI_PROD};
      break;
    case RedOp::MIN:
      if (!is_complex) return {element, TUTTI_MIN};
      break;
    case RedOp::MAX:
      if (!is_complex) return {element, TUTTI_MAX};
      break;
    default:
      break;
  }
  RefuseReduction(type, kind, collective);
}

}  // namespace tutti_torch
