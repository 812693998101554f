// SPDX-License-Identifier: Apache-2.0
// What holds for every built-in codec, over hard data of many lengths.
#include <algorithm>

#include "codec_test_support.h"
#include "lib/reduce/reduce.h"

namespace tutti {
namespace {

class CodecPropertyTest : public ::testing::TestWithParam<std::string> {
 protected:
  const std::shared_ptr<const Codec> codec_ = Make(GetParam());

  template <typename Check>
  void ForHardData(Check check) {
    for (const size_t length : kLengths) {
      for (const NamedData& data : HardData(length)) {
        SCOPED_TRACE(data.name + ", " + std::to_string(length) + " values");
        check(data.values);
        if (HasFatalFailure()) return;
      }
    }
  }
};

INSTANTIATE_TEST_SUITE_P(AllCodecs, CodecPropertyTest, ::testing::ValuesIn(AllSpecs()),
                         [](const auto& test) { return NameOf(test.param); });

TEST_P(CodecPropertyTest, ErrorsStayWithinTheBound) {
  const ErrorBound bound = codec_->error_bound();
  ForHardData([&](const Floats& values) {
    const Floats decoded = Decoded(*codec_, Encoded(*codec_, values), values.size());
    const size_t block = bound.block == 0 ? std::max<size_t>(values.size(), 1) : bound.block;
    for (size_t first = 0; first < values.size(); first += block) {
      const size_t end = std::min(first + block, values.size());
      bool finite = true;
      double largest = 0;
      for (size_t i = first; i < end; ++i) {
        finite &= std::isfinite(values[i]);
        largest = std::max(largest, std::fabs(static_cast<double>(values[i])));
      }
      // In one block with an infinity or a NaN, only codecs without blocks promise anything.
      if (!finite && bound.block != 0) continue;
      for (size_t i = first; i < end; ++i) {
        const double value = values[i];
        if (!std::isfinite(value) || std::fabs(value) > bound.limit) continue;
        const double allowed = bound.of_value * std::fabs(value) + bound.absolute +
                               (bound.of_largest == 0 ? 0 : bound.of_largest * largest);
        ASSERT_LE(std::fabs(decoded[i] - value), allowed) << "value " << i << ": " << value << " -> " << decoded[i];
      }
    }
  });
}

TEST_P(CodecPropertyTest, ANonFiniteValueIsNeverHidden) {
  ForHardData([&](const Floats& values) {
    const Floats decoded = Decoded(*codec_, Encoded(*codec_, values), values.size());
    const auto count = [](const Floats& of) {
      return std::count_if(of.begin(), of.end(), [](float v) { return !std::isfinite(v); });
    };
    const bool sparse = codec_->identity().name == "topk";
    for (size_t i = 0; i < values.size() && !sparse; ++i) {
      if (!std::isfinite(values[i])) {
        ASSERT_FALSE(std::isfinite(decoded[i])) << "value " << i;
      }
    }
    // Top-k has no room for more than k of them.
    if (count(values) > 0) {
      ASSERT_GT(count(decoded), 0);
    }
  });
}

TEST_P(CodecPropertyTest, DecodeReduceIsDecodeThenReduceBitForBit) {
  ForHardData([&](const Floats& values) {
    const Bytes encoded = Encoded(*codec_, values);
    const Floats decoded = Decoded(*codec_, encoded, values.size());
    Floats start = Normal(values.size(), 1.0f, 5);
    for (size_t i = 0; i < start.size(); i += 7) start[i] = i % 2 == 0 ? -0.0f : std::numeric_limits<float>::infinity();
    for (const ReduceOp op : {ReduceOp::kSum, ReduceOp::kProd, ReduceOp::kMin, ReduceOp::kMax, ReduceOp::kAvg}) {
      Floats expected = start, reduced = start;
      KernelsFor(DataType::kFloat32, op).reduce(expected.data(), expected.data(), decoded.data(), expected.size());
      ASSERT_EQ(codec_->DecodeReduce(MakeSlice(values.size()), op, encoded, reduced.data()), TUTTI_OK);
      ASSERT_TRUE(SameBits(reduced, expected)) << ReduceOpName(op);
    }
  });
}

TEST_P(CodecPropertyTest, SameValuesGiveSameBytesAtAnyAddress) {
  ForHardData([&](const Floats& values) {
    const Bytes encoded = Encoded(*codec_, values);
    ASSERT_EQ(Encoded(*codec_, values), encoded);
    Bytes moved(4 * values.size() + 1),
        out(encoded.size() + codec_->MaxEncodedBytes(DataType::kFloat32, values.size()) + 3);
    if (!values.empty()) std::memcpy(moved.data() + 1, values.data(), 4 * values.size());
    size_t bytes = 0;
    ASSERT_EQ(codec_->Encode(MakeSlice(values.size()), nullptr, moved.data() + 1, std::span(out).subspan(3), &bytes),
              TUTTI_OK);
    ASSERT_EQ(Bytes(out.begin() + 3, out.begin() + 3 + static_cast<long>(bytes)), encoded);
    ASSERT_EQ(codec_->Decode(MakeSlice(values.size()), std::span(out).subspan(3, bytes), moved.data() + 1), TUTTI_OK);
    const Floats decoded = Decoded(*codec_, encoded, values.size());
    if (!values.empty()) {
      ASSERT_EQ(std::memcmp(moved.data() + 1, decoded.data(), 4 * values.size()), 0);
    }
  });
}

TEST_P(CodecPropertyTest, NeedsNoMoreBytesThanItSaysAndWritesNoneBeyond) {
  ForHardData([&](const Floats& values) {
    const size_t most = codec_->MaxEncodedBytes(DataType::kFloat32, values.size());
    Bytes out(most + 64, 0xa5);
    size_t bytes = 0;
    ASSERT_EQ(codec_->Encode(MakeSlice(values.size()), nullptr, values.data(), std::span(out).first(most), &bytes),
              TUTTI_OK);
    ASSERT_LE(bytes, most);
    ASSERT_TRUE(std::all_of(out.begin() + static_cast<long>(most), out.end(), [](uint8_t b) { return b == 0xa5; }));
    ASSERT_EQ(codec_->Encode(MakeSlice(values.size()), nullptr, values.data(), std::span(out).first(most - 1), &bytes),
              TUTTI_ERR_INVALID_ARGUMENT);
  });
}

TEST_P(CodecPropertyTest, OtherTypesAreUnsupported) {
  Slice slice = MakeSlice(4, DataType::kInt32);
  Bytes bytes(1000);
  size_t length = 0;
  EXPECT_FALSE(codec_->Supports(DataType::kInt32));
  EXPECT_EQ(codec_->MaxEncodedBytes(DataType::kInt32, 4), 0u);
  EXPECT_EQ(codec_->Encode(slice, nullptr, bytes.data(), bytes, &length), TUTTI_ERR_UNSUPPORTED);
  EXPECT_EQ(codec_->Decode(slice, bytes, bytes.data()), TUTTI_ERR_UNSUPPORTED);
  EXPECT_EQ(codec_->DecodeReduce(slice, ReduceOp::kSum, bytes, bytes.data()), TUTTI_ERR_UNSUPPORTED);
  EXPECT_EQ(codec_->MaxEncodedBytes(DataType::kFloat32, SIZE_MAX / 4), 0u) << "no size_t holds so many bytes";
}

TEST_P(CodecPropertyTest, ReducesEncodedBytesWhereItSaysSo) {
  const Floats a = Normal(1001, 1.0f, 1), b = Normal(1001, 1.0f, 2);
  const Bytes from = Encoded(*codec_, a);
  Bytes to = Encoded(*codec_, b);
  size_t bytes = to.size();
  const tutti_status_t status = codec_->ReduceEncoded(MakeSlice(1001), ReduceOp::kSum, from, to, &bytes);
  if (!codec_->CanReduceEncoded(DataType::kFloat32, ReduceOp::kSum)) {
    EXPECT_EQ(status, TUTTI_ERR_UNSUPPORTED);
    return;
  }
  ASSERT_EQ(status, TUTTI_OK);
  ASSERT_EQ(bytes, to.size());
  // Rounded once more, as the sum of the decoded values would be.
  const Floats left = Decoded(*codec_, from, 1001), right = Decoded(*codec_, Encoded(*codec_, b), 1001);
  Floats sum(1001);
  for (size_t i = 0; i < sum.size(); ++i) sum[i] = left[i] + right[i];
  EXPECT_EQ(to, Encoded(*codec_, sum));
}

}  // namespace
}  // namespace tutti
