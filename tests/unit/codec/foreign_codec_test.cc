// SPDX-License-Identifier: Apache-2.0
// A user's codec, written against the C header: signs of integers as one byte each, and a state that counts its calls.
#include "lib/codec/foreign_codec.h"

#include <gmock/gmock.h>

#include "codec_test_support.h"
#include "lib/codec/error_feedback.h"
#include "lib/codec/state_table.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

struct Context {
  int live_states = 0;
  size_t claimed_bytes = 0;  // what encode says it wrote, if not 0
};

// A user's functions see pointers without promised alignment.
float At(const void* values, size_t i) {
  float value;
  std::memcpy(&value, static_cast<const char*>(values) + 4 * i, 4);
  return value;
}

tutti_codec_t MyCodec(Context* context) {
  static const tutti_codec_parameter_t parameters[] = {{"unit", "2"}, {"kind", "plain"}};
  tutti_codec_t codec = TUTTI_CODEC_INIT;
  codec.name = "my_codec";
  codec.version = 3;
  codec.num_parameters = 2;
  codec.parameters = parameters;
  codec.context = context;
  codec.max_encoded_bytes = [](void*, tutti_dtype_t dtype, size_t count, size_t* bytes) {
    *bytes = count + 1;
    return dtype == TUTTI_FLOAT32 ? TUTTI_OK : TUTTI_ERR_UNSUPPORTED;
  };
  codec.encode = [](void* its_context, void* state, const tutti_codec_slice_t* slice, const void* values, void* encoded,
                    size_t, size_t* encoded_bytes) {
    auto* out = static_cast<int8_t*>(encoded);
    for (size_t i = 0; i < slice->count; ++i) out[i] = static_cast<int8_t>(At(values, i) / 2);
    ++*static_cast<uint64_t*>(state);
    const size_t claimed = static_cast<Context*>(its_context)->claimed_bytes;
    *encoded_bytes = claimed != 0 ? claimed : slice->count;
    return TUTTI_OK;
  };
  codec.decode = [](void*, const tutti_codec_slice_t* slice, const void* encoded, size_t bytes, void* values) {
    if (bytes != slice->count) return TUTTI_ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < bytes; ++i) {
      const float value = static_cast<float>(static_cast<const int8_t*>(encoded)[i] * 2);
      std::memcpy(static_cast<char*>(values) + 4 * i, &value, 4);
    }
    return TUTTI_OK;
  };
  codec.decode_reduce = [](void*, const tutti_codec_slice_t* slice, tutti_op_t op, const void* encoded, size_t bytes,
                           void* accumulator) {
    if (bytes != slice->count) return TUTTI_ERR_INVALID_ARGUMENT;
    if (op != TUTTI_SUM) return TUTTI_ERR_UNSUPPORTED;
    for (size_t i = 0; i < bytes; ++i) {
      const float value = At(accumulator, i) + static_cast<float>(static_cast<const int8_t*>(encoded)[i] * 2);
      std::memcpy(static_cast<char*>(accumulator) + 4 * i, &value, 4);
    }
    return TUTTI_OK;
  };
  codec.create_state = [](void* its_context, uint64_t, tutti_dtype_t, size_t, void** state) {
    ++static_cast<Context*>(its_context)->live_states;
    *state = new uint64_t(0);
    return TUTTI_OK;
  };
  codec.destroy_state = [](void* its_context, void* state) {
    --static_cast<Context*>(its_context)->live_states;
    delete static_cast<uint64_t*>(state);
  };
  codec.save_state = [](void*, const void* state, void* buffer, size_t capacity, size_t* bytes) {
    *bytes = sizeof(uint64_t);
    if (capacity >= sizeof(uint64_t)) std::memcpy(buffer, state, sizeof(uint64_t));
    return TUTTI_OK;
  };
  codec.restore_state = [](void*, void* state, const void* buffer, size_t bytes) {
    if (bytes != sizeof(uint64_t)) return TUTTI_ERR_INVALID_ARGUMENT;
    std::memcpy(state, buffer, bytes);
    return TUTTI_OK;
  };
  return codec;
}

TEST(ForeignCodec, AUsersCodecWorksAsABuiltInOneDoes) {
  Context context;
  const tutti_codec_t mine = MyCodec(&context);
  const auto codec = WrapCodec(&mine);
  ASSERT_TRUE(codec.ok()) << codec.status();
  EXPECT_EQ((*codec)->identity().ToString(), "my_codec:kind=plain,unit=2");
  EXPECT_EQ((*codec)->identity().version, 3u);
  EXPECT_TRUE((*codec)->Supports(DataType::kFloat32));
  EXPECT_FALSE((*codec)->Supports(DataType::kFloat64));
  EXPECT_FALSE((*codec)->CanReduceEncoded(DataType::kFloat32, ReduceOp::kSum));
  {
    std::unique_ptr<CodecState> state;
    ASSERT_EQ((*codec)->CreateState(1, DataType::kFloat32, 3, &state), TUTTI_OK);
    const Bytes encoded = Encoded(**codec, MakeSlice(3), {1, 2, -7}, state.get());
    EXPECT_EQ(Decoded(**codec, encoded, 3), (Floats{0, 2, -6}));
    Floats sum = {10, 10, 10};
    EXPECT_EQ((*codec)->DecodeReduce(MakeSlice(3), ReduceOp::kSum, encoded, sum.data()), TUTTI_OK);
    EXPECT_EQ(sum, (Floats{10, 12, 4}));
    EXPECT_EQ((*codec)->DecodeReduce(MakeSlice(3), ReduceOp::kMax, encoded, sum.data()), TUTTI_ERR_UNSUPPORTED);
    EXPECT_EQ((*codec)->Decode(MakeSlice(2), encoded, sum.data()), TUTTI_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(context.live_states, 1);
  }
  EXPECT_EQ(context.live_states, 0);
}

TEST(ForeignCodec, DecoratorsAndCheckpointsTakeIt) {
  Context context;
  const tutti_codec_t mine = MyCodec(&context);
  const auto codec = MakeErrorFeedback(*WrapCodec(&mine));
  {
    StateTable table(codec), other(codec);
    CodecState* state = nullptr;
    ASSERT_EQ(table.Get(5, DataType::kFloat32, 2, &state), TUTTI_OK);
    EXPECT_EQ(Decoded(*codec, Encoded(*codec, MakeSlice(2), {1, 3}, state), 2), (Floats{0, 2}));
    ASSERT_TRUE(other.Restore(table.Save()).ok());
    ASSERT_EQ(other.Get(5, DataType::kFloat32, 2, &state), TUTTI_OK);
    EXPECT_EQ(Decoded(*codec, Encoded(*codec, MakeSlice(2), {1, 1}, state), 2), (Floats{2, 2}));
    EXPECT_EQ(context.live_states, 2);
  }
  EXPECT_EQ(context.live_states, 0);
}

TEST(ForeignCodec, ASmallStateOfALargeTensorIsSavedAndRestored) {
  Context context;
  const tutti_codec_t mine = MyCodec(&context);
  const auto codec = *WrapCodec(&mine);
  StateTable table(codec), other(codec);
  CodecState* state = nullptr;
  ASSERT_EQ(table.Get(5, DataType::kFloat32, 1000, &state), TUTTI_OK);
  Encoded(*codec, MakeSlice(2), {1, 3}, state);
  ASSERT_TRUE(other.Restore(table.Save()).ok());
  EXPECT_EQ(other.Save(), table.Save());
}

TEST(ForeignCodec, MoreBytesThanThereIsRoomForAreNotBelieved) {
  Context context;
  const tutti_codec_t mine = MyCodec(&context);
  const auto codec = *WrapCodec(&mine);
  std::unique_ptr<CodecState> state;
  ASSERT_EQ(codec->CreateState(1, DataType::kFloat32, 3, &state), TUTTI_OK);
  context.claimed_bytes = 1000;
  const Floats values(3);
  Bytes encoded(4);
  size_t bytes = 0;
  EXPECT_EQ(codec->Encode(MakeSlice(3), state.get(), values.data(), encoded, &bytes), TUTTI_ERR_INTERNAL);
}

TEST(ForeignCodec, AnIncompleteStructIsRefusedWithAReason) {
  Context context;
  const auto refusal = [&](auto spoil) {
    tutti_codec_t codec = MyCodec(&context);
    spoil(codec);
    const auto wrapped = WrapCodec(&codec);
    EXPECT_FALSE(wrapped.ok());
    return std::string(wrapped.status().message());
  };
  EXPECT_FALSE(WrapCodec(nullptr).ok());
  EXPECT_THAT(refusal([](tutti_codec_t& c) { c.struct_size = 8; }), HasSubstr("TUTTI_CODEC_INIT"));
  EXPECT_THAT(refusal([](tutti_codec_t& c) { c.name = nullptr; }), HasSubstr("name"));
  EXPECT_THAT(refusal([](tutti_codec_t& c) { c.name = "two words"; }), HasSubstr("name"));
  EXPECT_THAT(refusal([](tutti_codec_t& c) { c.parameters = nullptr; }), HasSubstr("parameters"));
  EXPECT_THAT(refusal([](tutti_codec_t& c) { c.decode = nullptr; }), HasSubstr("must be there"));
  EXPECT_THAT(refusal([](tutti_codec_t& c) { c.destroy_state = nullptr; }), HasSubstr("both or neither"));
  EXPECT_THAT(refusal([](tutti_codec_t& c) { c.save_state = nullptr; }), HasSubstr("both or neither"));
  static const tutti_codec_parameter_t twice[] = {{"a", "1"}, {"a", "2"}};
  EXPECT_THAT(refusal([](tutti_codec_t& c) { c.parameters = twice; }), HasSubstr("twice"));
}

}  // namespace
}  // namespace tutti
