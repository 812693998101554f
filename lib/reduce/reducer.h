// SPDX-License-Identifier: Apache-2.0
// How one plan reduces: by the library's kernels, or by what the application defined. The counterpart of ReduceKernels, with
// the same rules for pointers; counts are in items where an operation of the application has items of several elements.
#ifndef TUTTI_LIB_REDUCE_REDUCER_H_
#define TUTTI_LIB_REDUCE_REDUCER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "lib/base/dtype.h"
#include "lib/reduce/reduce.h"
#include "lib/reduce/user_op.h"

namespace tutti {

class Reducer {
 public:
  Reducer() = default;
  Reducer(DataType type, ReduceOp op) : type_(type), kernels_(&KernelsFor(type, op)) {}
  Reducer(DataType type, std::shared_ptr<const UserOp> op)
      : type_(type), user_(std::move(op)), item_bytes_(DataTypeBytes(type) * user_->traits().item_elements) {}

  void Reduce(void* dst, const void* a, const void* b, size_t count) const {
    if (user_ == nullptr) return kernels_->reduce(dst, a, b, count);
    ReduceByUser(dst, a, b, count);
  }
  void ReduceMany(void* dst, const void* const* sources, size_t num_sources, size_t count) const {
    if (user_ == nullptr) return kernels_->reduce_many(dst, sources, num_sources, count);
    ReduceManyByUser(dst, sources, num_sources, count);
  }
  void Finish(void* data, size_t count, uint32_t num_ranks) const {
    if (user_ == nullptr) kernels_->finish(data, count, num_ranks);
  }
  // Of sums and averages only.
  void Scale(void* dst, const void* source, double factor, size_t count) const {
    kernels_->scale(dst, source, factor, count);
  }

  const UserOp* user_op() const { return user_.get(); }

 private:
  bool IsAligned(const void* p) const;
  void ReduceByUser(void* dst, const void* a, const void* b, size_t count) const;
  void ReduceManyByUser(void* dst, const void* const* sources, size_t num_sources, size_t count) const;
  void Apply(const void* in, void* inout, size_t count) const;

  DataType type_ = DataType::kInt8;
  const ReduceKernels* kernels_ = nullptr;
  std::shared_ptr<const UserOp> user_;
  size_t item_bytes_ = 1;
};

}  // namespace tutti

#endif  // TUTTI_LIB_REDUCE_REDUCER_H_
