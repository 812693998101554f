// SPDX-License-Identifier: Apache-2.0
// Every instruction set that this processor has writes and reads the same bits as plain C++.
#include "lib/reduce/targets.h"
// Before all that may include Highway.

#include "codec_test_support.h"
#include "hwy/targets.h"

namespace tutti {
namespace {

CodecKernels KernelsOf(int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  const CodecKernels kernels = MakeCodecKernels();
  hwy::SetSupportedTargetsForTest(0);
  return kernels;
}

class CodecTargetsTest : public ::testing::TestWithParam<int64_t> {};

INSTANTIATE_TEST_SUITE_P(Targets, CodecTargetsTest, ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& test) { return std::string(hwy::TargetName(test.param)); });

TEST_P(CodecTargetsTest, WritesAndReadsTheSameBitsAsAllOthers) {
  const CodecKernels kernels = KernelsOf(GetParam());
  const CodecKernels reference = KernelsOf(hwy::SupportedAndGeneratedTargets().back());
  for (const std::string& spec : AllSpecs()) {
    const auto codec = Make(spec, kernels), expected = Make(spec, reference);
    for (const size_t length : {1, 63, 65, 513, 4097}) {
      for (const NamedData& data : HardData(length)) {
        SCOPED_TRACE(spec + ", " + data.name + ", " + std::to_string(length));
        const Bytes encoded = Encoded(*expected, data.values);
        ASSERT_EQ(Encoded(*codec, data.values), encoded);
        ASSERT_TRUE(SameBits(Decoded(*codec, encoded, length), Decoded(*expected, encoded, length)));
      }
    }
  }
}

TEST_P(CodecTargetsTest, ReadsEveryCodeTheSame) {
  const CodecKernels kernels = KernelsOf(GetParam());
  const CodecKernels reference = KernelsOf(hwy::SupportedAndGeneratedTargets().back());
  Bytes codes(65536 * 2);
  for (size_t i = 0; i < 65536; ++i) {
    codes[2 * i] = static_cast<uint8_t>(i);
    codes[2 * i + 1] = static_cast<uint8_t>(i >> 8);
  }
  Floats values(65536), expected(65536);
  const auto out = [](Floats& floats) { return reinterpret_cast<uint8_t*>(floats.data()); };
  for (const auto from : {&CodecKernels::from_bf16, &CodecKernels::from_f16}) {
    (kernels.*from)(codes.data(), 65536, out(values));
    (reference.*from)(codes.data(), 65536, out(expected));
    EXPECT_TRUE(SameBits(values, expected));
  }
  for (const auto from : {&CodecKernels::from_int8, &CodecKernels::from_int4, &CodecKernels::from_e4m3,
                          &CodecKernels::from_e5m2, &CodecKernels::from_signs}) {
    for (const float scale : {0.0f, 0x1p-97f, 0.01f, 3e38f}) {
      (kernels.*from)(codes.data(), 65536, scale, out(values));
      (reference.*from)(codes.data(), 65536, scale, out(expected));
      EXPECT_TRUE(SameBits(values, expected));
    }
  }
}

}  // namespace
}  // namespace tutti
