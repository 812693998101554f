// SPDX-License-Identifier: Apache-2.0
// `tutti-bench codec` as its users start it: without a job.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "run_program.h"

namespace tutti {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Finished BenchCodec(const std::vector<std::string>& words) {
  std::vector<std::string> argv = {TUTTI_BENCH, "codec"};
  argv.insert(argv.end(), words.begin(), words.end());
  return RunProgram(argv);
}

void WriteFloats(const std::string& path, const std::vector<float>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
}

nlohmann::json ReadJson(const std::string& path) {
  std::ifstream stream(path);
  return nlohmann::json::parse(stream);
}

TEST(TuttiBenchCodec, GoesThroughAllBuiltInCodecsAndSizes) {
  const Finished run = BenchCodec({"-b", "4K", "-e", "8K", "-f", "2", "-n", "1"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.err, "");
  for (const char* spec : {"bf16", "f16", "int8", "int4", "fp8_e4m3", "fp8_e5m2", "sign", "topk", "threshold",
                           "lossless", "int8+error_feedback"}) {
    const auto lines = run.OutLines();
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                            [&](const std::string& line) { return line.rfind(std::string(spec) + " ", 0) == 0; }),
              2)
        << spec << "\n"
        << run.out;
  }
}

TEST(TuttiBenchCodec, ReportsRatioAndErrorOfTheValuesInAFile) {
  const ScratchDirectory scratch;
  const std::string values = scratch.path() + "/values.f32", json_file = scratch.path() + "/result.json";
  // 1 + 2^-9 is halfway between two neighbours in bf16, and goes to the even one, 1; all others are exact.
  std::vector<float> floats(1000, 1.0f);
  floats[7] = 1 + 0x1p-9f;
  WriteFloats(values, floats);
  const Finished run = BenchCodec({"bf16", "lossless", "--file", values, "-n", "3", "--json", json_file});
  ASSERT_EQ(run.status, 0) << run.err;
  const nlohmann::json json = ReadJson(json_file);
  ASSERT_EQ(json["results"].size(), 2u);
  const auto& bf16 = json["results"][0];
  EXPECT_EQ(bf16["codec"], "bf16");
  EXPECT_EQ(bf16["raw_bytes"], 4000);
  EXPECT_EQ(bf16["encoded_bytes"], 2016);
  EXPECT_EQ(bf16["exact_values"], 999);
  EXPECT_DOUBLE_EQ(bf16["largest_error"], 0x1p-9);
  EXPECT_NEAR(bf16["relative_error"], 0x1p-9 / std::sqrt(1000.0), 1e-7);
  EXPECT_GT(bf16["encode"]["gb_per_s"], 0);
  EXPECT_GT(bf16["memcpy"]["gb_per_s"], 0);
  EXPECT_EQ(json["results"][1]["relative_error"], 0);
  EXPECT_EQ(json["options"]["file"], values);
}

TEST(TuttiBenchCodec, SaysWhatIsWrongBeforeItMeasures) {
  const ScratchDirectory scratch;
  const std::string odd = scratch.path() + "/odd";
  std::ofstream(odd) << "12345";
  struct {
    std::vector<std::string> words;
    int status;
    const char* sentence;
  } const cases[] = {
      {{"int9"}, 2, "\"int9\" is no codec; there are bf16, f16"},
      {{"int8:blocks=4"}, 2, "codec int8 has no parameter \"blocks\""},
      {{"-b", "3"}, 2, "--min-bytes 3 holds no value"},
      {{"-b", "2M", "-e", "1M"}, 2, "--min-bytes 2M is more than --max-bytes 1M"},
      {{"-n", "0"}, 2, "--rounds"},
      {{"--file", odd, "-b", "1K"}, 2, "--min-bytes has no meaning with --file"},
      {{"--file", odd}, 1, "has 5 bytes; float32 values would be a multiple of 4"},
      {{"--file", scratch.path() + "/none"}, 1, "cannot open"},
      {{"--json", "/nowhere/x"}, 1, "cannot write to /nowhere/x"},
  };
  for (const auto& wrong : cases) {
    const Finished run = BenchCodec(wrong.words);
    EXPECT_EQ(run.status, wrong.status) << wrong.sentence;
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.err, StartsWith("tutti-bench codec: "));
    EXPECT_THAT(run.err, HasSubstr(wrong.sentence));
  }
}

}  // namespace
}  // namespace tutti
