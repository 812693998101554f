// SPDX-License-Identifier: Apache-2.0
// Tests that run for every compiled instruction set that this processor has, on inputs that hold every special value.
#ifndef TUTTI_TESTS_UNIT_REDUCE_KERNEL_TEST_SUPPORT_H_
#define TUTTI_TESTS_UNIT_REDUCE_KERNEL_TEST_SUPPORT_H_

// Before all that may include Highway:
#include "lib/reduce/targets.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "hwy/targets.h"
#include "lib/base/prng.h"
#include "lib/reduce/kernel_table.h"
#include "reference.h"

namespace tutti {

// The parameter is one Highway target.
class KernelTest : public ::testing::TestWithParam<int64_t> {
 protected:
  KernelTest() {
    hwy::SetSupportedTargetsForTest(GetParam());
    table_ = MakeKernelTable();
    hwy::SetSupportedTargetsForTest(0);
  }

  const ReduceKernels& Kernels(DataType type, ReduceOp op) const { return table_.At(type, op); }

  // Calls check(type, op) for all pairs that are defined, and names the one that fails.
  template <typename Check>
  void ForEveryTypeAndOp(Check check) {
    for (int t = 0; t < kNumDataTypes; ++t) {
      for (int o = 0; o < kNumReduceOps; ++o) {
        const auto type = static_cast<DataType>(t);
        const auto op = static_cast<ReduceOp>(o);
        if (!IsDefined(op, type)) continue;
        SCOPED_TRACE(std::string(DataTypeName(type)) + " " + ReduceOpName(op));
        check(type, op);
        if (HasFatalFailure()) return;
      }
    }
  }

  KernelTable table_;
};

#define TUTTI_FOR_EVERY_TARGET(suite)                                                                \
  INSTANTIATE_TEST_SUITE_P(Targets, suite, ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()), \
                           [](const auto& test) { return std::string(hwy::TargetName(test.param)); })

// Elements as bits: any bits, small numbers, and everything special, mixed.
inline std::vector<uint64_t> MakeElements(DataType type, size_t count, Prng& prng) {
  std::vector<uint64_t> special = {0, 1, reference::Mask(type), reference::Mask(type) >> 1,
                                   (reference::Mask(type) >> 1) + 1};
  const reference::FloatFormat& format = reference::FormatOf(type);
  if (reference::IsFloat(type)) {
    const std::vector<uint64_t> positive = {0,                                          // zero
                                            1,                                          // least subnormal
                                            (uint64_t{1} << format.fraction_bits) - 1,  // greatest subnormal
                                            uint64_t{1} << format.fraction_bits,        // least normal
                                            format.infinity() - 1,                      // greatest finite
                                            format.infinity(),
                                            format.nan(),
                                            format.nan() + 5,       // with a payload
                                            format.infinity() + 1,  // signalling
                                            reference::Encode(format, 1.0),
                                            reference::Encode(format, 1.0) + 1};
    special.clear();
    for (uint64_t bits : positive) {
      special.push_back(bits);
      special.push_back(bits | format.sign_bit());
    }
  }
  std::vector<uint64_t> elements(count);
  for (uint64_t& element : elements) {
    switch (prng.Below(3)) {
      case 0:
        element = prng.Next() & reference::Mask(type);
        break;
      case 1: {
        const int64_t small = prng.Between(-50, 50);
        element = reference::IsFloat(type) ? reference::Encode(format, static_cast<double>(small) * 0.75)
                                           : static_cast<uint64_t>(small) & reference::Mask(type);
        break;
      }
      default:
        element = special[prng.Below(special.size())];
    }
  }
  return elements;
}

// Elements as they lie in memory (little-endian hosts), `offset` bytes after an aligned address, between guards that
// tell when something was written outside.
class Buffer {
 public:
  Buffer(DataType type, const std::vector<uint64_t>& elements, size_t offset)
      : element_bytes_(DataTypeBytes(type)),
        offset_(kGuardBytes + offset),
        storage_((offset_ + elements.size() * element_bytes_ + kGuardBytes + 15) / 8, kGuard) {
    for (size_t i = 0; i < elements.size(); ++i) std::memcpy(At(i), &elements[i], element_bytes_);
  }

  uint8_t* At(size_t element) {
    return reinterpret_cast<uint8_t*>(storage_.data()) + offset_ + element * element_bytes_;
  }
  uint8_t* data() { return At(0); }

  uint64_t Element(size_t i) {
    uint64_t bits = 0;
    std::memcpy(&bits, At(i), element_bytes_);
    return bits;
  }

  // The first `count` elements are those of `expected`, and all bytes around are untouched.
  ::testing::AssertionResult Holds(const std::vector<uint64_t>& expected, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (Element(i) != expected[i]) {
        return ::testing::AssertionFailure() << "element " << i << " of " << count << " is 0x" << std::hex << Element(i)
                                             << " instead of 0x" << expected[i];
      }
    }
    const auto* bytes = reinterpret_cast<const uint8_t*>(storage_.data());
    const size_t end = offset_ + count * element_bytes_;
    for (size_t i = 0; i < storage_.size() * 8; ++i) {
      if ((i < offset_ || i >= end) && bytes[i] != kGuardByte) {
        return ::testing::AssertionFailure() << "wrote outside of " << count << " elements";
      }
    }
    return ::testing::AssertionSuccess();
  }

 private:
  static constexpr size_t kGuardBytes = 64;
  static constexpr uint64_t kGuard = 0xa5a5a5a5a5a5a5a5u;
  static constexpr uint8_t kGuardByte = 0xa5;

  size_t element_bytes_;
  size_t offset_;
  std::vector<uint64_t> storage_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_REDUCE_KERNEL_TEST_SUPPORT_H_
