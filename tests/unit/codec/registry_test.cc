// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/registry.h"

#include <gmock/gmock.h>

#include <set>

#include "absl/strings/str_cat.h"

#include "codec_test_support.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

std::string IdentityOf(const std::string& spec) { return Make(spec)->identity().ToString(); }

TEST(CodecRegistry, IdentityHasAllParametersInOneForm) {
  EXPECT_EQ(IdentityOf("bf16"), "bf16");
  EXPECT_EQ(IdentityOf("int8"), "int8:block=256,rounding=nearest,seed=0");
  EXPECT_EQ(IdentityOf("int8:rounding=stochastic,seed=007,block=0512"), "int8:block=512,rounding=stochastic,seed=7");
  EXPECT_EQ(IdentityOf("topk:ratio=0.0100"), "topk:ratio=0.01");
  EXPECT_EQ(IdentityOf("topk:ratio=1e-2"), "topk:ratio=0.01");
  EXPECT_EQ(IdentityOf("sign+error_feedback"), "sign+error_feedback:block=1024,error_feedback_keep=1");
  EXPECT_EQ(IdentityOf("bf16+error_feedback:keep=0.5+error_feedback"),
            "bf16+error_feedback+error_feedback:error_feedback_keep=0.5,error_feedback_keep_again=1");
  EXPECT_EQ(IdentityOf("topk+momentum:factor=0.5"), "topk+momentum:momentum_factor=0.5,momentum_masking=on,ratio=0.01");
}

TEST(CodecRegistry, EveryNameMakesACodecAndEveryDefaultIsValid) {
  for (const CodecInfo& info : BuiltInCodecs()) {
    std::string spec = info.is_decorator ? std::string("int8+") + info.name : info.name;
    EXPECT_NE(Make(spec), nullptr);
    char separator = ':';
    for (const CodecParameterInfo& parameter : info.parameters) {
      spec += separator + std::string(parameter.key) + "=" + parameter.default_value;
      separator = ',';
    }
    EXPECT_NE(Make(spec), nullptr);
  }
}

TEST(CodecRegistry, RefusalsSayWhatWouldBeRight) {
  const auto refusal = [](const std::string& spec) {
    const auto codec = MakeCodec(spec);
    EXPECT_FALSE(codec.ok()) << spec;
    return std::string(codec.status().message());
  };
  EXPECT_THAT(refusal("int9"), HasSubstr("there are bf16, f16, int8"));
  EXPECT_THAT(refusal(""), HasSubstr("does not begin with a name"));
  EXPECT_THAT(refusal("int8:"), HasSubstr("key=value"));
  EXPECT_THAT(refusal("int8:block"), HasSubstr("key=value"));
  EXPECT_THAT(refusal("int8:block="), HasSubstr("has no value"));
  EXPECT_THAT(refusal("int8:block=64,block=64"), HasSubstr("second time"));
  EXPECT_THAT(refusal("int8:size=64"), HasSubstr("it has block, rounding, seed"));
  EXPECT_THAT(refusal("bf16:block=64"), HasSubstr("it has none"));
  EXPECT_THAT(refusal(absl::StrCat("int8", std::string(1 << 20, '+'))),
              HasSubstr("1048576 decorators; there may be 8"));
  EXPECT_THAT(refusal("int8:block=100"), HasSubstr("a power of two from 64 to 65536"));
  EXPECT_THAT(refusal("int8:block=32"), HasSubstr("a power of two from 64 to 65536"));
  EXPECT_THAT(refusal("int8:block=-64"), HasSubstr("whole number"));
  EXPECT_THAT(refusal("int8:rounding=up"), HasSubstr("nearest or stochastic"));
  EXPECT_THAT(refusal("topk:ratio=0"), HasSubstr("above 0 and up to 1"));
  EXPECT_THAT(refusal("topk:ratio=nan"), HasSubstr("above 0 and up to 1"));
  EXPECT_THAT(refusal("threshold:value=1e-60"), HasSubstr("above"));
  EXPECT_THAT(refusal("error_feedback"), HasSubstr("is no codec"));
  EXPECT_THAT(refusal("bf16+int8"), HasSubstr("is no decorator; there are error_feedback, momentum"));
  EXPECT_THAT(refusal("bf16+"), HasSubstr("does not begin with a name"));
}

TEST(CodecRegistry, FingerprintsDiffer) {
  std::set<uint64_t> seen;
  for (const std::string& spec : AllSpecs()) EXPECT_TRUE(seen.insert(Make(spec)->identity().Fingerprint()).second);
  CodecIdentity identity = Make("int8")->identity();
  identity.version = 2;
  EXPECT_TRUE(seen.insert(identity.Fingerprint()).second);
  EXPECT_EQ(Make("int8")->identity().Fingerprint(), Make("int8:block=256")->identity().Fingerprint());
}

}  // namespace
}  // namespace tutti
