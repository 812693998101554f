// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/error_feedback.h"

#include <algorithm>

#include "codec_test_support.h"
#include "lib/codec/state_table.h"

namespace tutti {
namespace {

std::unique_ptr<CodecState> StateOf(const Codec& codec, size_t count) {
  std::unique_ptr<CodecState> state;
  EXPECT_EQ(codec.CreateState(1, DataType::kFloat32, count, &state), TUTTI_OK);
  return state;
}

// Encodes and decodes one step.
Floats Step(const Codec& codec, CodecState* state, const Floats& values, uint64_t step = 0) {
  Slice slice = MakeSlice(values.size());
  slice.step = step;
  return Decoded(codec, Encoded(codec, slice, values, state), values.size());
}

// Filled up with zeros: of a few values alone all would travel, because that needs fewer bytes than places do.
Floats Among64(Floats values) {
  values.resize(64);
  return values;
}

// A value that is too small to travel, again and again, until what was kept of it is large enough.
TEST(ErrorFeedback, OldLossesFadeWhereSoIsAskedFor) {
  const auto first_sent = [](const std::string& spec) {
    const auto codec = Make(spec);
    const auto state = StateOf(*codec, 64);
    for (uint64_t step = 1;; ++step) {
      const Floats decoded = Step(*codec, state.get(), Among64({1}), step);
      if (decoded[0] != 0 || step == 100) return std::pair(step, decoded[0]);
    }
  };
  EXPECT_EQ(first_sent("threshold:value=1.9+error_feedback"), std::pair(uint64_t{2}, 2.0f));
  EXPECT_EQ(first_sent("threshold:value=1.9+error_feedback:keep=0.5"), std::pair(uint64_t{5}, 1.9375f));
  EXPECT_EQ(first_sent("threshold:value=2+error_feedback:keep=0.5"), std::pair(uint64_t{25}, 2.0f)) << "rounded up";
}

TEST(ErrorFeedback, NothingIsLostForGood) {
  // The sum of what was sent over many steps is that of what was given, but for what one step can lose.
  for (const char* inner : {"sign", "topk:ratio=0.05", "int4", "int8:rounding=stochastic", "bf16", "lossless"}) {
    const auto codec = Make(std::string(inner) + "+error_feedback");
    const size_t count = 3000;
    const auto state = StateOf(*codec, count);
    const Floats constant = Normal(count, 1e-2f, 3);
    std::vector<double> given(count), sent(count);
    const int steps = 200;
    for (int step = 0; step < steps; ++step) {
      const Floats decoded = Step(*codec, state.get(), constant, static_cast<uint64_t>(step));
      for (size_t i = 0; i < count; ++i) {
        given[i] += constant[i];
        sent[i] += decoded[i];
      }
    }
    double squared = 0, squares = 0;
    for (size_t i = 0; i < count; ++i) {
      squared += (given[i] - sent[i]) * (given[i] - sent[i]);
      squares += given[i] * given[i];
    }
    EXPECT_LT(std::sqrt(squared / squares), 0.15) << inner;
    if (std::string(inner) == "topk:ratio=0.05") {
      const Floats once = Step(*Make(inner), nullptr, constant);
      EXPECT_EQ(std::count(once.begin(), once.end(), 0.0f), static_cast<long>(count - count / 20))
          << "without it, much is";
    }
  }
}

TEST(ErrorFeedback, ResidualIsExactlyWhatWasLost) {
  const auto codec = Make("topk:ratio=0.03125+error_feedback");  // 2 of 64
  const auto state = StateOf(*codec, 64);
  const auto step = [&](const Floats& values) { return Step(*codec, state.get(), Among64(values)); };
  EXPECT_EQ(step({1, 2, 3, 4}), Among64({0, 0, 3, 4}));
  EXPECT_EQ(step({1, 2, 3, 1}), Among64({0, 4, 3, 0}));
  EXPECT_EQ(step({0, 0, 0, 0}), Among64({2, 0, 0, 1}));
  EXPECT_EQ(step({0, 0, 0, 0}), Among64({0, 0, 0, 0}));
}

TEST(ErrorFeedback, SlicesHaveTheirOwnResiduals) {
  const auto codec = Make("topk:ratio=0.015625+error_feedback");  // 1 of 64
  const auto state = StateOf(*codec, 128);
  Slice slice = MakeSlice(64);
  const auto step = [&](size_t offset, const Floats& values) {
    slice.offset = offset;
    return Decoded(*codec, Encoded(*codec, slice, Among64(values), state.get()), 64);
  };
  EXPECT_EQ(step(64, {1, 2}), Among64({0, 2}));
  EXPECT_EQ(step(0, {7, 5}), Among64({7, 0}));
  EXPECT_EQ(step(64, {0, 0}), Among64({1, 0}));
  EXPECT_EQ(step(0, {0, 0}), Among64({0, 5}));

  Bytes encoded(1000);
  size_t bytes = 0;
  const Floats values(64);
  for (const size_t offset : {size_t{65}, SIZE_MAX}) {
    slice.offset = offset;
    EXPECT_EQ(codec->Encode(slice, state.get(), values.data(), encoded, &bytes), TUTTI_ERR_INVALID_ARGUMENT);
  }
  slice.offset = 0;
  EXPECT_EQ(codec->Encode(slice, nullptr, values.data(), encoded, &bytes), TUTTI_ERR_INVALID_ARGUMENT) << "no state";
}

TEST(ErrorFeedback, AnOverflowIsSeenOnceAndDoesNotStay) {
  for (const char* spec : {"int8:block=64+error_feedback", "bf16+error_feedback", "topk:ratio=0.1+momentum"}) {
    const auto codec = Make(spec);
    const auto state = StateOf(*codec, 64);
    Floats values = Normal(64, 1.0f, 1);
    values[5] = std::numeric_limits<float>::infinity();
    values[6] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(std::isfinite(Step(*codec, state.get(), values)[5])) << spec;
    for (const float value : Step(*codec, state.get(), Floats(64, 1.0f))) EXPECT_TRUE(std::isfinite(value)) << spec;
  }
}

TEST(ErrorFeedback, AFailedEncodeChangesNothing) {
  const auto codec = Make("topk:ratio=0.5+momentum:factor=0.5");
  const auto state = StateOf(*codec, 4);
  Step(*codec, state.get(), {1, 2, 3, 4});
  const Bytes before = state->Save();
  const Floats values = {5, 6, 7, 8};
  Bytes small(10);
  size_t bytes = 0;
  EXPECT_EQ(codec->Encode(MakeSlice(4), state.get(), values.data(), small, &bytes), TUTTI_ERR_INVALID_ARGUMENT);
  EXPECT_EQ(state->Save(), before);
}

TEST(MomentumCorrection, AccumulatesMomentumAndEndsItWhereValuesTravelled) {
  const auto codec = Make("topk:ratio=0.015625+momentum:factor=0.5");  // 1 of 64
  const auto state = StateOf(*codec, 64);
  const auto step = [&](const Floats& values) { return Step(*codec, state.get(), Among64(values)); };
  EXPECT_EQ(step({4, 2}), Among64({4, 0}));    // then u = {0, 2}, residual = {0, 2}
  EXPECT_EQ(step({1, 2}), Among64({0, 5}));    // u = {1, 3}, v = {1, 5}; then u = {1, 0}, residual = {1, 0}
  EXPECT_EQ(step({0, 0}), Among64({1.5, 0}));  // u = {0.5, 0}
}

TEST(MomentumCorrection, WithoutMaskingALosslessCodecGivesPlainMomentum) {
  const auto codec = Make("lossless+momentum:factor=0.5,masking=off");
  const auto state = StateOf(*codec, 1);
  EXPECT_EQ(Step(*codec, state.get(), {8}), Floats{8});
  EXPECT_EQ(Step(*codec, state.get(), {0}), Floats{4});
  EXPECT_EQ(Step(*codec, state.get(), {1}), Floats{3});
}

TEST(StateTable, ACheckpointContinuesWithTheSameBits) {
  for (const char* spec :
       {"topk:ratio=0.1+error_feedback", "sign+momentum:masking=off", "int4+error_feedback+error_feedback"}) {
    const auto codec = Make(spec);
    StateTable first(codec), second(codec);
    const auto step = [&](StateTable& table, uint64_t tensor, uint64_t seed) {
      CodecState* state = nullptr;
      EXPECT_EQ(table.Get(tensor, DataType::kFloat32, 500 + tensor, &state), TUTTI_OK);
      return Step(*codec, state, Normal(500 + tensor, 1.0f, seed));
    };
    for (uint64_t tensor = 3; tensor-- > 0;) step(first, tensor, tensor);
    ASSERT_TRUE(second.Restore(first.Save()).ok());
    EXPECT_EQ(second.Save(), first.Save());
    EXPECT_EQ(second.size(), 3u);
    for (uint64_t tensor = 0; tensor < 4; ++tensor) {
      EXPECT_TRUE(SameBits(step(first, tensor, 9), step(second, tensor, 9))) << spec;
    }
    second.Forget(0);
    EXPECT_EQ(second.size(), 3u);
  }
}

TEST(StateTable, CorruptCheckpointsAreRefusedAndChangeNothing) {
  const auto codec = Make("topk:ratio=0.5+error_feedback");
  StateTable table(codec);
  CodecState* state = nullptr;
  for (uint64_t tensor : {1, 2}) {
    ASSERT_EQ(table.Get(tensor, DataType::kFloat32, 10, &state), TUTTI_OK);
    Step(*codec, state, Normal(10, 1.0f, tensor));
  }
  const Bytes saved = table.Save();
  for (size_t length = 0; length < saved.size(); ++length) {
    ASSERT_FALSE(table.Restore(std::span(saved).first(length)).ok()) << length;
  }
  Bytes longer = saved;
  longer.push_back(0);
  EXPECT_FALSE(table.Restore(longer).ok());
  StateTable other(Make("topk:ratio=0.4+error_feedback"));
  EXPECT_FALSE(other.Restore(saved).ok()) << "other parameters";
  // Lengths and counts that are wrong must not be believed.
  Prng prng(1);
  for (int round = 0; round < 2000; ++round) {
    Bytes corrupt = saved;
    corrupt[prng.Below(80)] = static_cast<uint8_t>(prng.Next());
    StateTable victim(codec);
    victim.Restore(corrupt).IgnoreError();
  }
  EXPECT_EQ(table.Save(), saved);
}

TEST(StateTable, AKeyStandsForOneSize) {
  StateTable table(Make("int8+error_feedback"));
  CodecState* state = nullptr;
  EXPECT_EQ(table.Get(1, DataType::kFloat32, 10, &state), TUTTI_OK);
  CodecState* const first = state;
  EXPECT_EQ(table.Get(1, DataType::kFloat32, 10, &state), TUTTI_OK);
  EXPECT_EQ(state, first);
  EXPECT_EQ(table.Get(1, DataType::kFloat32, 11, &state), TUTTI_ERR_INVALID_ARGUMENT);
  EXPECT_EQ(table.Get(2, DataType::kInt32, 11, &state), TUTTI_ERR_UNSUPPORTED);
  StateTable stateless(Make("int8"));
  EXPECT_EQ(stateless.Get(1, DataType::kFloat32, 10, &state), TUTTI_OK);
  EXPECT_EQ(state, nullptr);
}

}  // namespace
}  // namespace tutti
