// SPDX-License-Identifier: Apache-2.0
// Codecs in jobs of several processes: right sums, the same bits on all ranks, and both codecs named when ranks differ.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

float ValueOf(int rank, size_t i) { return std::sin(static_cast<float>(i + 1) * static_cast<float>(rank + 1)); }

// FNV-1a.
uint64_t HashOf(const std::vector<float>& values) {
  uint64_t hash = 0xcbf29ce484222325u;
  const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
  for (size_t i = 0; i < values.size() * sizeof(float); ++i) hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash;
}

// Arguments: codec, elements, how much an element's sum may be wrong, "default" (codec of the communicator) or "call".
RANK_PROGRAM(ReduceWithCodec) {
  const tutti_comm_t comm = Join();
  const std::string& codec = context.arguments[0];
  const size_t count = std::stoul(context.arguments[1]);
  const double allowed = std::stod(context.arguments[2]);
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.tensor = 1;
  if (context.arguments[3] == "default") {
    REQUIRE_OK(tutti_comm_set_codec(comm, codec.c_str()));
  } else {
    options.codec = codec.c_str();
  }
  std::vector<float> first(count), second(count), sums(count);
  for (size_t i = 0; i < count; ++i) first[i] = second[i] = ValueOf(context.rank, i);
  tutti_request_t request = nullptr;
  REQUIRE_OK(tutti_all_reduce(comm, first.data(), sums.data(), count, TUTTI_FLOAT32, TUTTI_SUM, &options, &request));
  REQUIRE_OK(tutti_request_wait(&request));
  options.tensor = 2;
  REQUIRE_OK(tutti_all_reduce(comm, second.data(), second.data(), count, TUTTI_FLOAT32, TUTTI_SUM, &options, nullptr));
  for (size_t i = 0; i < count; ++i) {
    double exact = 0;
    for (int rank = 0; rank < context.size; ++rank) exact += static_cast<double>(ValueOf(rank, i));
    Require(std::fabs(static_cast<double>(sums[i]) - exact) <= allowed, "element " + std::to_string(i) + " is wrong");
  }
  Say("hash", static_cast<int64_t>(HashOf(sums)));
  Say("hash_in_place", static_cast<int64_t>(HashOf(second)));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

struct CodecRun {
  const char* name;
  const char* codec;
  const char* count;
  const char* allowed;
  const char* where;
  int num_ranks;
};

class CodecJob : public testing::TestWithParam<CodecRun> {};

TEST_P(CodecJob, EndsWithTheRightSumAndTheSameBitsOnAllRanks) {
  const CodecRun& run = GetParam();
  Job job("ReduceWithCodec", run.num_ranks, {.arguments = {run.codec, run.count, run.allowed, run.where}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 1; rank < run.num_ranks; ++rank) {
    EXPECT_EQ(job.Said(rank, "hash"), job.Said(0, "hash")) << "rank " << rank;
    EXPECT_EQ(job.Said(rank, "hash_in_place"), job.Said(0, "hash_in_place")) << "rank " << rank;
  }
}

INSTANTIATE_TEST_SUITE_P(, CodecJob,
                         testing::Values(CodecRun{"Bf16", "bf16", "300007", "0.08", "call", 4},
                                         CodecRun{"Int8", "int8:block=128", "300007", "0.08", "call", 3},
                                         CodecRun{"Lossless", "lossless", "300001", "1e-6", "call", 2},
                                         CodecRun{"TopkDirect", "topk:ratio=1", "200003", "1e-6", "default", 5},
                                         CodecRun{"TopkGather", "topk+error_feedback", "200003", "4", "call", 3},
                                         CodecRun{"Small", "int8", "3", "0.08", "default", 4}),
                         [](const auto& test) { return test.param.name; });

// Arguments: codec of rank 0, codec of the others.
RANK_PROGRAM(UseDifferentCodecs) {
  const tutti_comm_t comm = Join();
  std::vector<float> values(1000, 1.0f);
  Synchronise(comm);
  MeetOutside(context, "before the call");
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.codec = context.arguments[context.rank == 0 ? 0 : 1].c_str();
  const tutti_status_t status =
      tutti_all_reduce(comm, values.data(), values.data(), values.size(), TUTTI_FLOAT32, TUTTI_SUM, &options, nullptr);
  SayFailure(comm, status);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(CodecMismatch, IsToldToAllRanksWithBothCodecs) {
  Job job("UseDifferentCodecs", 4, {.arguments = {"int8:block=64", "fp8_e4m3"}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 4; ++rank) {
    EXPECT_EQ(job.Said(rank, "status"), "TUTTI_ERR_MISMATCH");
    EXPECT_THAT(job.Said(rank, "sentence"), testing::HasSubstr("int8:block=64")) << "rank " << rank;
    EXPECT_THAT(job.Said(rank, "sentence"), testing::HasSubstr("fp8_e4m3:block=256")) << "rank " << rank;
  }
}

// Argument: what to let tutti choose from. Says what was measured, and checks an all-reduce of 2 MiB.
RANK_PROGRAM(LetTuttiChoose) {
  const tutti_comm_t comm = Join();
  const std::string& wish = context.arguments[0];
  std::vector<float> values(1 << 19, 1.0f), sums(values.size());
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.codec = wish.c_str();
  Require(tutti_all_reduce(comm, values.data(), sums.data(), values.size(), TUTTI_FLOAT32, TUTTI_SUM, &options,
                           nullptr) == TUTTI_ERR_INVALID_ARGUMENT,
          "a call asks for what was not measured");
  REQUIRE_OK(tutti_comm_set_codec(comm, wish.c_str()));
  Say("explanation", tutti_comm_explain_codec(comm));
  REQUIRE_OK(
      tutti_all_reduce(comm, values.data(), sums.data(), values.size(), TUTTI_FLOAT32, TUTTI_SUM, &options, nullptr));
  for (const float sum : sums) Require(std::fabs(sum - static_cast<float>(context.size)) < 0.1f, "a sum is wrong");
  tutti_codec_totals_t totals = TUTTI_CODEC_TOTALS_INIT;
  REQUIRE_OK(tutti_telemetry_codec(comm, "bf16", &totals));
  Require(totals.operations > 0 && totals.sent_bytes < totals.raw_bytes * 6 / 10,
          "telemetry has not seen what was measured");
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(CodecChoice, IsTheSameOnAllRanksAndGivesSums) {
  Job job("LetTuttiChoose", 3, {.arguments = {"auto:0.01"}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 1; rank < 3; ++rank) EXPECT_EQ(job.Said(rank, "explanation"), job.Said(0, "explanation"));
  EXPECT_THAT(job.Said(0, "explanation"), testing::HasSubstr("int8"));
}

// With so slow a path nothing else can win: sending 2 MiB takes 840 ms. Encoding them takes one or two, and on a busy machine, under
// the thread sanitizer, it has taken 240.
TEST(CodecChoice, IsACodecOnASlowPath) {
  Job job("LetTuttiChoose", 2,
          {.arguments = {"auto:0.01"}, .environment = {{"TUTTI_TRANSPORT", "tcp"}, {"TUTTI_TCP_PACING", "20Mbit"}}});
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_THAT(job.Said(0, "explanation"), testing::Not(testing::HasSubstr("2097152 bytes and more: none")));
}

// Says how long an all-reduce of 4 MB of the given codec took.
RANK_PROGRAM(TimeAnAllReduce) {
  const tutti_comm_t comm = Join();
  std::vector<float> values(1'000'000, 1.0f);
  Synchronise(comm);
  const int64_t begin_ns = MonotonicNs();
  REQUIRE_OK(
      tutti_all_reduce(comm, values.data(), values.data(), values.size(), TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr));
  Say("took_ns", MonotonicNs() - begin_ns);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(Pacing, KeepsARankFromSendingFaster) {
  Job job("TimeAnAllReduce", 2, {.environment = {{"TUTTI_TRANSPORT", "tcp"}, {"TUTTI_TCP_PACING", "200Mbit"}}});
  ASSERT_TRUE(job.AllSucceed());
  // Each rank sends 4 MB: 160 ms. Up to a millisecond's worth may have been saved up before.
  for (int rank = 0; rank < 2; ++rank) EXPECT_GE(job.SaidNumber(rank, "took_ns"), 150'000'000) << "rank " << rank;
}

}  // namespace
}  // namespace tutti::multi_process
