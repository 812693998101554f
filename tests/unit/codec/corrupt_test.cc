// SPDX-License-Identifier: Apache-2.0
// Bytes that no encoder made. Whatever they are, decoding ends with a status and stays within the slice; under the
// address sanitizer these tests see every access outside of the heap blocks.
#include <cstdlib>

#include "codec_test_support.h"

namespace tutti {
namespace {

class CorruptTest : public ::testing::TestWithParam<std::string> {
 protected:
  const std::shared_ptr<const Codec> codec_ = Make(GetParam());

  // In heap blocks of exact size.
  tutti_status_t Decode(const Bytes& encoded, size_t count) {
    Floats values(count), accumulator(count);
    const Bytes exact(encoded.begin(), encoded.end());
    const tutti_status_t status = codec_->Decode(MakeSlice(count), exact, values.data());
    EXPECT_EQ(codec_->DecodeReduce(MakeSlice(count), ReduceOp::kSum, exact, accumulator.data()), status);
    return status;
  }
};

INSTANTIATE_TEST_SUITE_P(AllCodecs, CorruptTest, ::testing::ValuesIn(AllSpecs()),
                         [](const auto& test) { return NameOf(test.param); });

TEST_P(CorruptTest, TruncatedOrLengthenedBytesAreRefused) {
  for (const size_t count : {0, 1, 65, 700}) {
    const Floats values = Normal(count, 1.0f, count);
    const Bytes encoded = Encoded(*codec_, values);
    for (size_t length = 0; length < encoded.size(); ++length) {
      ASSERT_EQ(Decode(Bytes(encoded.begin(), encoded.begin() + static_cast<long>(length)), count),
                TUTTI_ERR_INVALID_ARGUMENT)
          << length << " of " << encoded.size() << " bytes";
    }
    Bytes longer = encoded;
    longer.push_back(0);
    ASSERT_EQ(Decode(longer, count), TUTTI_ERR_INVALID_ARGUMENT);
  }
}

TEST_P(CorruptTest, AnotherCountIsRefused) {
  const Bytes encoded = Encoded(*codec_, Normal(100, 1.0f, 1));
  for (const size_t count : {0, 1, 99, 101, 1000}) ASSERT_EQ(Decode(encoded, count), TUTTI_ERR_INVALID_ARGUMENT);
}

TEST_P(CorruptTest, EveryWrongHeaderByteIsRefused) {
  const Bytes encoded = Encoded(*codec_, Normal(100, 1.0f, 1));
  for (size_t at = 0; at < 16; ++at) {
    if (at == 2) continue;  // the mode: another one may fit by accident
    for (int flip = 1; flip < 256; flip <<= 1) {
      Bytes corrupt = encoded;
      corrupt[at] = static_cast<uint8_t>(corrupt[at] ^ flip);
      ASSERT_EQ(Decode(corrupt, 100), TUTTI_ERR_INVALID_ARGUMENT) << "byte " << at;
    }
  }
}

TEST_P(CorruptTest, BytesOfOtherCodecsAreRefused) {
  const Floats values = Normal(300, 1.0f, 1);
  for (const std::string& spec : AllSpecs()) {
    const auto other = Make(spec);
    // All sparse codecs write one format, and rounding does not show in the bytes.
    const auto format = [&](const Codec& codec) { return Encoded(codec, values)[1] * 256 + Encoded(codec, values)[3]; };
    if (format(*other) == format(*codec_)) continue;
    ASSERT_EQ(Decode(Encoded(*other, values), values.size()), TUTTI_ERR_INVALID_ARGUMENT) << spec;
  }
}

TEST_P(CorruptTest, AnyChangedByteIsRefusedOrStaysWithinTheSlice) {
  Prng prng(11);
  for (const size_t count : {1, 64, 200, 1025}) {
    Floats values = Normal(count, 1.0f, count);
    for (size_t i = 0; i < count; i += 3) values[i] = 0;
    const Bytes encoded = Encoded(*codec_, values);
    for (int round = 0; round < 300; ++round) {
      Bytes corrupt = encoded;
      for (uint64_t changes = 1 + prng.Below(4); changes > 0; --changes) {
        const size_t low = prng.Below(2) == 0 ? 0 : std::min<size_t>(16, corrupt.size() - 1);
        corrupt[low + prng.Below(corrupt.size() - low)] = static_cast<uint8_t>(prng.Next());
      }
      Decode(corrupt, count);
    }
  }
}

}  // namespace
}  // namespace tutti
