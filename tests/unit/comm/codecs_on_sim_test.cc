// SPDX-License-Identifier: Apache-2.0
// all_reduce with codecs, run by the engine over simulated networks: results within the codec's bound, the same bits on all
// ranks, and what is said when ranks or codecs go wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "collectives/algorithms/registry.h"
#include "lib/base/prng.h"
#include "lib/codec/foreign_codec.h"
#include "lib/codec/registered.h"
#include "sanitized.h"
#include "sim_job.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using Vectors = std::vector<std::vector<float>>;

Vectors RandomVectors(int ranks, size_t count, uint64_t seed) {
  Prng prng(seed);
  Vectors vectors(static_cast<size_t>(ranks), std::vector<float>(count));
  for (auto& vector : vectors) {
    for (float& value : vector) value = static_cast<float>(prng.Between(-1000, 1000)) / 16;
  }
  return vectors;
}

std::vector<double> SumOf(const Vectors& vectors) {
  std::vector<double> sum(vectors[0].size());
  for (const auto& vector : vectors) {
    for (size_t i = 0; i < vector.size(); ++i) sum[i] += static_cast<double>(vector[i]);
  }
  return sum;
}

struct Wish {
  std::string codec;
  uint64_t tensor = 0;
  uint64_t step = 0;
  ReduceOp op = ReduceOp::kSum;
  uint8_t algorithm_id = 0;  // 0: the library's choice
};

CollectiveCall CallFor(SimJob& job, int rank, const float* send, std::vector<float>& recv, const Wish& wish) {
  absl::StatusOr<CommCodec*> codec = job.communicator(rank).codecs().Find(wish.codec);
  EXPECT_TRUE(codec.ok()) << codec.status();
  return {.collective = Collective::kAllReduce,
          .send = send,
          .recv = recv.data(),
          .count = recv.size(),
          .type = DataType::kFloat32,
          .op = wish.op,
          .in_place = send == recv.data(),
          .algorithm = wish.algorithm_id != 0 ? AlgorithmOf(Collective::kAllReduce, wish.algorithm_id) : nullptr,
          .codec = codec.ok() ? *codec : nullptr,
          .tensor = wish.tensor,
          .step = wish.step};
}

// The outputs; in place, `inputs` become them.
Vectors AllReduce(SimJob& job, Vectors& inputs, bool in_place, const Wish& wish) {
  Vectors outputs;
  if (!in_place) outputs.assign(inputs.size(), std::vector<float>(inputs[0].size(), NAN));
  Vectors& to = in_place ? inputs : outputs;
  const std::vector<Outcome> outcomes = job.Run([&](int rank) {
    const auto at = static_cast<size_t>(rank);
    return CallFor(job, rank, inputs[at].data(), to[at], wish);
  });
  EXPECT_THAT(outcomes, Each(Outcome::kOk)) << job.communicator(0).failure();
  return to;
}

void ExpectSameBits(const Vectors& outputs) {
  if (outputs[0].empty()) return;  // memcmp wants an address, also for nothing
  for (size_t rank = 1; rank < outputs.size(); ++rank) {
    ASSERT_EQ(std::memcmp(outputs[rank].data(), outputs[0].data(), outputs[0].size() * sizeof(float)), 0)
        << "rank " << rank;
  }
}

// One assertion for all elements: for each it would take longer than what is tested.
void ExpectNear(const std::vector<float>& values, const std::vector<double>& exact, double bound) {
  ASSERT_EQ(values.size(), exact.size());
  size_t worst = 0;
  double largest = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    const double error = std::abs(static_cast<double>(values[i]) - exact[i]);
    if (error <= largest) continue;  // never true of a NaN
    largest = error;
    worst = i;
    if (std::isnan(error)) break;
  }
  if (largest <= bound) return;
  FAIL() << "element " << worst << " of " << exact.size() << " is " << values[worst] << ", which is more than " << bound
         << " from " << exact[worst];
}

struct CodecCase {
  const char* spec;
  double error;  // of each encoding, of the largest magnitude that is encoded
};

std::string CaseName(const ::testing::TestParamInfo<CodecCase>& info) {
  std::string name = info.param.spec;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

class CodecsOnSim : public ::testing::TestWithParam<CodecCase> {};

TEST_P(CodecsOnSim, TheSumIsWithinTheBoundAndHasTheSameBitsOnAllRanks) {
  for (int ranks : kThreadSanitized ? std::vector<int>{3}
                   : kSanitized     ? std::vector<int>{1, 4}
                                    : std::vector<int>{1, 2, 3, 4, 5, 8}) {
    SimJob job(OptionsFor(ranks));
    const auto n = static_cast<size_t>(ranks);
    uint64_t tensor = 0;  // another one each time: nothing is remembered
    for (size_t count : {size_t{0}, size_t{1}, n - 1, n + 1, 3 * n + 2, size_t{1000},
                         size_t{kThreadSanitized ? 2'001
                                : kSanitized     ? 9'001
                                                 : 70'001}}) {
      for (bool in_place : {false, true}) {
        for (uint8_t algorithm : {40, 41}) {
          Vectors inputs = RandomVectors(ranks, count, count + n);
          const std::vector<double> exact = SumOf(inputs);
          const Vectors outputs = AllReduce(job, inputs, in_place,
                                            {.codec = GetParam().spec, .tensor = ++tensor, .algorithm_id = algorithm});
          ExpectSameBits(outputs);
          // n contributions of at most 62.5, and then the result.
          const double bound = GetParam().error * 62.5 * static_cast<double>(2 * n) + 1e-3;
          ExpectNear(outputs[0], exact, ranks == 1 ? 0 : bound);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(CodecsOnSim, AveragesAreDividedOnce) {
  SimJob job(OptionsFor(3));
  for (uint8_t algorithm : {40, 41}) {
    Vectors inputs(3, std::vector<float>(500, 6.0f));
    const Vectors outputs =
        AllReduce(job, inputs, false, {.codec = GetParam().spec, .op = ReduceOp::kAvg, .algorithm_id = algorithm});
    for (const auto& output : outputs) EXPECT_THAT(output, Each(::testing::FloatNear(6.0f, 0.2f)));
  }
}

TEST_P(CodecsOnSim, SurvivesSlowLossyReorderingNetworks) {
  for (uint64_t seed = 1; seed <= (kSanitized ? 1 : 6); ++seed) {
    Prng random(seed);
    const int ranks = 2 + static_cast<int>(random.Between(0, 5));
    SimJob job(sim::RandomNetworkOptions(ranks, seed));
    Vectors inputs = RandomVectors(ranks, static_cast<size_t>(random.Between(0, 300'000)), seed);
    ExpectSameBits(AllReduce(job, inputs, true, {.codec = GetParam().spec}));
    if (HasFatalFailure()) {
      ADD_FAILURE() << "seed " << seed;
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, CodecsOnSim,
                         ::testing::Values(CodecCase{"lossless", 0}, CodecCase{"bf16", 1.0 / 256},
                                           CodecCase{"f16", 1.0 / 2048}, CodecCase{"int8", 0.6 / 127},
                                           CodecCase{"int8:block=64,rounding=stochastic", 1.1 / 127},
                                           CodecCase{"fp8_e4m3", 1.0 / 16}, CodecCase{"topk:ratio=1", 0},
                                           CodecCase{"threshold:value=0.01", 0},
                                           CodecCase{"int8+error_feedback", 0.6 / 127}),
                         CaseName);

// Only the largest of each rank's values travel, and all of them are in the sum, whoever else has one at that place.
TEST(CodecOnSim, SparseSumsKeepEveryContribution) {
  for (int ranks : {3, 6}) {  // everyone to everyone; by owners of slices
    SimJob job(OptionsFor(ranks));
    Vectors inputs(static_cast<size_t>(ranks), std::vector<float>(3000));
    for (size_t rank = 0; rank < inputs.size(); ++rank) inputs[rank][100 * rank + 7] = 5.0f;
    for (auto& input : inputs) input[2999] = 2.0f;
    const std::vector<double> exact = SumOf(inputs);
    const Vectors outputs = AllReduce(job, inputs, false, {.codec = "topk:ratio=0.05"});
    ExpectSameBits(outputs);
    for (size_t i = 0; i < exact.size(); ++i) ASSERT_EQ(static_cast<double>(outputs[0][i]), exact[i]) << i;
  }
}

// Two hosts of three ranks: between them codes travel, inside values. Losses are of a host's sum, and of the result.
TEST(CodecOnSim, BetweenHostsTheLibraryTakesTheHierarchicalAlgorithm) {
  const std::vector<int> hosts = {0, 0, 0, 1, 1, 1};
  SimJob job(OptionsFor(6), 300 * kNsPerSecond, hosts);
  for (const char* spec : {"int8", "bf16", "topk:ratio=1", "int8+error_feedback"}) {
    const size_t count = kThreadSanitized ? 50'001 : kSanitized ? 200'001 : 700'001;
    Vectors inputs = RandomVectors(6, count, 5);
    const std::vector<double> exact = SumOf(inputs);
    const CommCodec* codec = *job.communicator(1).codecs().Find(spec);
    const Vectors outputs = AllReduce(job, inputs, true, {.codec = spec, .tensor = 1});
    ExpectSameBits(outputs);
    const double bound = 0.6 / 127 * 62.5 * 3 * 4 + 1e-3;
    ExpectNear(outputs[5], exact, bound);
    if (HasFatalFailure()) FAIL() << spec;
    // One of two hosts: each of three leaders sends half of its slice, and then half of the result.
    EXPECT_NEAR(static_cast<double>(codec->totals().raw_bytes.get()), static_cast<double>(count) * 4 / 3, 64) << spec;
  }
  Vectors sixes(6, std::vector<float>(500, 6.0f));
  const Vectors averages = AllReduce(job, sixes, false, {.codec = "bf16", .op = ReduceOp::kAvg});
  for (const auto& average : averages) EXPECT_THAT(average, Each(6.0f));
}

TEST(CodecOnSim, ErrorFeedbackWorksBetweenHosts) {
  SimJob job(OptionsFor(4), 300 * kNsPerSecond, {0, 0, 1, 1});
  Vectors inputs(4, std::vector<float>(6000));
  for (auto& input : inputs) {
    for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(i % 10);
  }
  std::vector<double> total(6000);
  constexpr int kSteps = 60;
  for (int step = 1; step <= kSteps; ++step) {
    Vectors given = inputs;
    const Vectors outputs =
        AllReduce(job, given, false,
                  {.codec = "topk:ratio=0.2+error_feedback", .tensor = 9, .step = static_cast<uint64_t>(step)});
    ExpectSameBits(outputs);
    for (size_t i = 0; i < total.size(); ++i) total[i] += static_cast<double>(outputs[2][i]);
  }
  for (size_t i = 0; i < total.size(); ++i) {
    ASSERT_NEAR(total[i], 4.0 * static_cast<double>(i % 10) * kSteps, 4.0 * 9 * 12) << i;
  }
}

// What one step loses comes with the next ones: the sum over steps is right although one step's is not.
TEST(CodecOnSim, ErrorFeedbackGivesBackWhatWasLostByTensor) {
  SimJob job(OptionsFor(5));
  Vectors inputs(5, std::vector<float>(1000));
  for (size_t rank = 0; rank < 5; ++rank) {
    for (size_t i = 0; i < 1000; ++i) inputs[rank][i] = static_cast<float>(i % 10 + rank);
  }
  std::vector<double> total(1000);
  constexpr int kSteps = 100;
  for (int step = 1; step <= kSteps; ++step) {
    Vectors given = inputs;
    const Vectors outputs = AllReduce(
        job, given, false, {.codec = "sign:block=64+error_feedback", .tensor = 9, .step = static_cast<uint64_t>(step)});
    ExpectSameBits(outputs);
    for (size_t i = 0; i < 1000; ++i) total[i] += static_cast<double>(outputs[2][i]);
  }
  for (size_t i = 0; i < 1000; ++i) {
    const double exact = static_cast<double>(5 * (i % 10) + 10) * kSteps;
    ASSERT_NEAR(total[i], exact, 0.15 * 55 * kSteps) << i;
  }
}

TEST(CodecOnSim, AStateIsSavedAndRestored) {
  const Wish wish{.codec = "int4+error_feedback", .tensor = 4};
  Vectors inputs = RandomVectors(3, 999, 1);
  SimJob first(OptionsFor(3));
  AllReduce(first, inputs, false, wish);
  SimJob second(OptionsFor(3));
  for (int rank = 0; rank < 3; ++rank) {
    const std::vector<uint8_t> saved = first.communicator(rank).codecs().Save();
    EXPECT_GT(saved.size(), 999 * sizeof(float));
    const absl::Status restored = second.communicator(rank).codecs().Restore(saved);
    ASSERT_TRUE(restored.ok()) << restored;
    EXPECT_EQ(second.communicator(rank).codecs().Save(), saved);
    for (size_t length : {size_t{0}, size_t{15}, saved.size() / 2, saved.size() - 1}) {
      EXPECT_FALSE(second.communicator(rank).codecs().Restore(std::span(saved).first(length)).ok()) << length;
    }
    EXPECT_EQ(second.communicator(rank).codecs().Save(), saved) << "after an error everything is as it was";
  }
  const Vectors expected = AllReduce(first, inputs, false, wish);
  EXPECT_EQ(AllReduce(second, inputs, false, wish), expected);
  SimJob fresh(OptionsFor(3));
  EXPECT_NE(AllReduce(fresh, inputs, false, wish), expected) << "what is remembered makes no difference";
}

TEST(CodecOnSim, AKeyOfAnotherLengthIsRefusedUntilItIsForgotten) {
  SimJob job(OptionsFor(2));
  const Wish wish{.codec = "int8+error_feedback", .tensor = 4};
  Vectors inputs = RandomVectors(2, 100, 1);
  AllReduce(job, inputs, false, wish);
  std::vector<float> other(101);
  const absl::StatusOr<Operation*> refused = job.communicator(0).Make(CallFor(job, 0, other.data(), other, wish));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("tensor 4"));
  for (int rank = 0; rank < 2; ++rank) job.communicator(rank).codecs().Forget(4);
  Vectors longer = RandomVectors(2, 101, 1);
  ExpectSameBits(AllReduce(job, longer, false, wish));
}

TEST(CodecOnSim, SparseAndRememberingCodecsAreForSumsOnly) {
  SimJob job(OptionsFor(2));
  for (const char* spec : {"topk", "threshold", "int8+error_feedback", "bf16+momentum"}) {
    const CommCodec* codec = *job.communicator(0).codecs().Find(spec);
    EXPECT_TRUE(codec->Fits(DataType::kFloat32, ReduceOp::kAvg)) << spec;
    EXPECT_THAT(std::string(codec->CheckFits(DataType::kFloat32, ReduceOp::kMax).message()), HasSubstr("max")) << spec;
    EXPECT_THAT(std::string(codec->CheckFits(DataType::kInt32, ReduceOp::kSum).message()), HasSubstr("int32")) << spec;
  }
  EXPECT_TRUE((*job.communicator(0).codecs().Find("bf16"))->Fits(DataType::kFloat32, ReduceOp::kMax));
}

// WHAT GOES WRONG

// Both ranks' outcomes and sentences.
void ExpectFailure(Outcome outcome, const ::testing::Matcher<std::string>& sentence, const Wish& first,
                   const Wish& second, std::vector<float> first_values = std::vector<float>(100, 1.0f)) {
  SimJob job(OptionsFor(2));
  Vectors vectors = {std::move(first_values), std::vector<float>(100, 1.0f)};
  std::vector<Operation*> operations;
  for (int rank = 0; rank < 2; ++rank) {
    auto& vector = vectors[static_cast<size_t>(rank)];
    absl::StatusOr<Operation*> operation =
        job.communicator(rank).Start(CallFor(job, rank, vector.data(), vector, rank == 0 ? first : second));
    ASSERT_TRUE(operation.ok()) << operation.status();
    operations.push_back(*operation);
  }
  EXPECT_THAT(job.Conclude(operations, 5 * kNsPerSecond), Each(outcome));
  for (int rank = 0; rank < 2; ++rank) EXPECT_THAT(job.communicator(rank).failure(), sentence);
}

TEST(CodecOnSim, RanksWithDifferentCodecsAreToldBoth) {
  ExpectFailure(Outcome::kMismatch, AllOf(HasSubstr("int8:block=256"), HasSubstr("int4:block=256")), {.codec = "int8"},
                {.codec = "int4"});
  ExpectFailure(Outcome::kMismatch, AllOf(HasSubstr("block=64"), HasSubstr("block=128")), {.codec = "int8:block=64"},
                {.codec = "int8:block=128"});
}

TEST(CodecOnSim, RanksWithDifferentTensorsOrStepsAreToldBoth) {
  ExpectFailure(Outcome::kMismatch, AllOf(HasSubstr("tensor 3"), HasSubstr("tensor 5")), {.codec = "int8", .tensor = 3},
                {.codec = "int8", .tensor = 5});
  ExpectFailure(Outcome::kMismatch, AllOf(HasSubstr("step 8"), HasSubstr("step 9")), {.codec = "int8", .step = 8},
                {.codec = "int8", .step = 9});
}

TEST(CodecOnSim, ARankWithoutACodecIsToldOfTheOther) {
  ExpectFailure(Outcome::kMismatch, AllOf(HasSubstr("encoded_direct"), HasSubstr("all_reduce(float32 x 100, sum, ")),
                {.codec = "int8"}, {.codec = "none"});
}

// A rank that leads no slice sends and gets values only.
TEST(CodecOnSim, BetweenHostsAlsoARankThatEncodesNothingIsToldOfAnotherCodec) {
  SimJob job(OptionsFor(5), 300 * kNsPerSecond, {0, 0, 0, 1, 1});
  Vectors vectors(5, std::vector<float>(10'000, 1.0f));
  std::vector<Operation*> operations;
  for (int rank = 0; rank < 5; ++rank) {
    auto& vector = vectors[static_cast<size_t>(rank)];
    const Wish wish{.codec = rank == 2 ? "int4" : "int8"};
    absl::StatusOr<Operation*> operation =
        job.communicator(rank).Start(CallFor(job, rank, vector.data(), vector, wish));
    ASSERT_TRUE(operation.ok()) << operation.status();
    operations.push_back(*operation);
  }
  EXPECT_THAT(job.Conclude(operations, 5 * kNsPerSecond), Each(Outcome::kMismatch));
  EXPECT_THAT(job.communicator(4).failure(),
              AllOf(HasSubstr("encoded_hierarchical"), testing::ContainsRegex("codec int[48]:block=256")));
}

// Sends values as they are, but where the first one says what is to go wrong.
constexpr float kFails = 666, kCutsOff = 667, kClaimsTooMuch = 668;

tutti_status_t PlainMost(void*, tutti_dtype_t dtype, size_t count, size_t* bytes) {
  if (dtype != TUTTI_FLOAT32) return TUTTI_ERR_UNSUPPORTED;
  *bytes = 4 * count;
  return TUTTI_OK;
}
tutti_status_t PlainEncode(void*, void*, const tutti_codec_slice_t* slice, const void* values, void* encoded, size_t,
                           size_t* bytes) {
  float first = 0;
  if (slice->count > 0) std::memcpy(&first, values, sizeof(first));
  if (first == kFails) return TUTTI_ERR_OUT_OF_MEMORY;
  if (slice->count > 0) std::memcpy(encoded, values, 4 * slice->count);
  *bytes = 4 * slice->count - (first == kCutsOff ? 1 : 0) + (first == kClaimsTooMuch ? 1 : 0);
  return TUTTI_OK;
}
tutti_status_t PlainDecode(void*, const tutti_codec_slice_t* slice, const void* encoded, size_t bytes, void* values) {
  if (bytes != 4 * slice->count) return TUTTI_ERR_INVALID_ARGUMENT;
  std::memcpy(values, encoded, bytes);
  return TUTTI_OK;
}
tutti_status_t PlainReduce(void*, const tutti_codec_slice_t* slice, tutti_op_t, const void* encoded, size_t bytes,
                           void* accumulator) {
  if (bytes != 4 * slice->count) return TUTTI_ERR_INVALID_ARGUMENT;
  for (size_t i = 0; i < slice->count; ++i) {
    float a, b;
    std::memcpy(&a, static_cast<char*>(accumulator) + 4 * i, 4);
    std::memcpy(&b, static_cast<const char*>(encoded) + 4 * i, 4);
    a += b;
    std::memcpy(static_cast<char*>(accumulator) + 4 * i, &a, 4);
  }
  return TUTTI_OK;
}

const char* PlainCodec() {
  static const bool registered = [] {
    static tutti_codec_t codec = TUTTI_CODEC_INIT;
    codec.name = "plain";
    codec.max_encoded_bytes = PlainMost;
    codec.encode = PlainEncode;
    codec.decode = PlainDecode;
    codec.decode_reduce = PlainReduce;
    return RegisterCodec(*WrapCodec(&codec)).ok();
  }();
  EXPECT_TRUE(registered);
  return "plain";
}

// The streams of all slices that were encoded, and whether any was given to a decoder.
struct SeenStreams {
  std::vector<uint64_t> encoded;
  bool decoded = false;
};
SeenStreams& Seen() {
  static SeenStreams seen;
  return seen;
}

const char* ListeningCodec() {
  static const bool registered = [] {
    static tutti_codec_t codec = TUTTI_CODEC_INIT;
    codec.name = "listening";
    codec.max_encoded_bytes = PlainMost;
    codec.encode = [](void* context, void* state, const tutti_codec_slice_t* slice, const void* values, void* encoded,
                      size_t capacity, size_t* bytes) {
      Seen().encoded.push_back(slice->stream);
      return PlainEncode(context, state, slice, values, encoded, capacity, bytes);
    };
    codec.decode = [](void* context, const tutti_codec_slice_t* slice, const void* encoded, size_t bytes,
                      void* values) {
      Seen().decoded |= slice->stream != 0;
      return PlainDecode(context, slice, encoded, bytes, values);
    };
    codec.decode_reduce = PlainReduce;
    return RegisterCodec(*WrapCodec(&codec)).ok();
  }();
  EXPECT_TRUE(registered);
  return "listening";
}

TEST(CodecOnSim, EveryRankAndResultIsEncodedWithAStreamOfItsOwn) {
  SimJob job(OptionsFor(3));
  Vectors inputs = RandomVectors(3, 300, 1);
  Seen() = {};
  AllReduce(job, inputs, false, {.codec = ListeningCodec()});
  std::sort(Seen().encoded.begin(), Seen().encoded.end());
  // Three slices of contributions and one of results, on each rank.
  EXPECT_THAT(Seen().encoded, testing::ElementsAre(0, 0, 0, 1, 2, 2, 2, 3, 4, 4, 4, 5));
  EXPECT_FALSE(Seen().decoded);
}

std::vector<float> BeginningWith(float value) {
  std::vector<float> values(100, 1.0f);
  values[50] = value;  // of the slice that goes to the other rank
  return values;
}

TEST(CodecOnSim, ARegisteredCodecIsUsed) {
  SimJob job(OptionsFor(4));
  Vectors inputs = RandomVectors(4, 1234, 3);
  const std::vector<double> exact = SumOf(inputs);
  const Vectors outputs = AllReduce(job, inputs, true, {.codec = PlainCodec()});
  for (size_t i = 0; i < exact.size(); ++i) ASSERT_EQ(static_cast<double>(outputs[3][i]), exact[i]);
}

TEST(CodecOnSim, AnEncoderThatFailsEndsTheOperationOnAllRanks) {
  ExpectFailure(Outcome::kCodecFailed, AllOf(HasSubstr("plain failed to encode 50 elements"), HasSubstr("rank 0")),
                {.codec = PlainCodec()}, {.codec = PlainCodec()}, BeginningWith(kFails));
}

TEST(CodecOnSim, CorruptBytesFromAPeerEndTheOperationOnAllRanks) {
  ExpectFailure(Outcome::kCodecFailed, AllOf(HasSubstr("plain failed to decode 50 elements"), HasSubstr("rank 1")),
                {.codec = PlainCodec()}, {.codec = PlainCodec()}, BeginningWith(kCutsOff));
}

TEST(CodecOnSim, ACodecThatWritesMoreThanItSaidEndsTheOperationOnAllRanks) {
  ExpectFailure(Outcome::kCodecFailed, HasSubstr("plain failed to encode 50 elements"), {.codec = PlainCodec()},
                {.codec = PlainCodec()}, BeginningWith(kClaimsTooMuch));
}

}  // namespace
}  // namespace tutti
