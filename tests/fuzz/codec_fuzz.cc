// SPDX-License-Identifier: Apache-2.0
// Built-in codecs on any bytes. An input is: codec (1 byte), what to do (1), number of values (2), data ...
//
//   0  the data are encoded bytes
//   1  the data are a payload, behind a header that is right (so that more than the header is tested)
//   2  the data are values: they are encoded and decoded, and the error is within the bound
//   3  the data are a saved state of the codec with error feedback
//
// Decoding must end with a status and touch nothing outside (the sanitizers watch), and if it succeeds, decode_reduce
// must give what decode and a sum give.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "lib/codec/error_feedback.h"
#include "lib/codec/registry.h"
#include "lib/codec/state_table.h"
#include "lib/reduce/reduce.h"

namespace tutti {
namespace {

void Demand(bool condition) {
  if (!condition) __builtin_trap();
}

const std::vector<std::shared_ptr<const Codec>>& Codecs() {
  static const auto& codecs = *[] {
    auto* made = new std::vector<std::shared_ptr<const Codec>>;
    for (const char* spec :
         {"bf16", "f16", "int8:block=64", "int4:block=64", "int8:rounding=stochastic", "fp8_e4m3", "fp8_e5m2",
          "sign:block=64", "topk:ratio=0.1", "threshold", "lossless", "topk:ratio=0.6"}) {
      made->push_back(*MakeCodec(spec));
    }
    return made;
  }();
  return codecs;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

// Returns whether the bytes were accepted.
bool DecodeBothWays(const Codec& codec, size_t count, std::span<const uint8_t> encoded, std::vector<float>* values) {
  values->assign(count, 1.0f);
  std::vector<float> reduced(count, 0.5f), expected(count, 0.5f);
  const tutti_status_t status = codec.Decode(MakeSlice(count), encoded, values->data());
  Demand(codec.DecodeReduce(MakeSlice(count), ReduceOp::kSum, encoded, reduced.data()) == status);
  Demand(status == TUTTI_OK || status == TUTTI_ERR_INVALID_ARGUMENT);
  if (status != TUTTI_OK) return false;
  KernelsFor(DataType::kFloat32, ReduceOp::kSum).reduce(expected.data(), expected.data(), values->data(), count);
  Demand(SameBits(reduced, expected));
  return true;
}

std::vector<uint8_t> Encode(const Codec& codec, const std::vector<float>& values) {
  std::vector<uint8_t> encoded(codec.MaxEncodedBytes(DataType::kFloat32, values.size()));
  size_t bytes = 0;
  Demand(codec.Encode(MakeSlice(values.size()), nullptr, values.data(), encoded, &bytes) == TUTTI_OK);
  Demand(bytes <= encoded.size());
  encoded.resize(bytes);
  return encoded;
}

void RoundTrip(const Codec& codec, std::span<const uint8_t> data) {
  std::vector<float> values(data.size() / 4), decoded;
  if (!values.empty()) std::memcpy(values.data(), data.data(), values.size() * 4);
  Demand(DecodeBothWays(codec, values.size(), Encode(codec, values), &decoded));
  const ErrorBound bound = codec.error_bound();
  const size_t block = bound.block == 0 ? std::max<size_t>(values.size(), 1) : bound.block;
  for (size_t first = 0; first < values.size(); first += block) {
    const size_t end = std::min(first + block, values.size());
    double largest = 0;
    bool finite = true;
    for (size_t i = first; i < end; ++i) {
      largest = std::max(largest, std::fabs(static_cast<double>(values[i])));
      finite &= std::isfinite(values[i]);
    }
    for (size_t i = first; i < end; ++i) {
      const double value = values[i];
      if (!std::isfinite(value) || std::fabs(value) > bound.limit || (!finite && bound.block != 0)) continue;
      const double of_largest = bound.of_largest == 0 ? 0 : bound.of_largest * largest;
      Demand(std::fabs(decoded[i] - value) <= bound.of_value * std::fabs(value) + of_largest + bound.absolute);
    }
  }
}

void TestOne(std::span<const uint8_t> input) {
  if (input.size() < 4) return;
  const std::shared_ptr<const Codec>& codec = Codecs()[input[0] % Codecs().size()];
  const size_t count = input[2] + size_t{input[3]} % 16 * 256;
  const std::span<const uint8_t> data = input.subspan(4);
  std::vector<float> values;
  switch (input[1] % 4) {
    case 0:
      DecodeBothWays(*codec, count, data, &values);
      break;
    case 1: {
      std::vector<uint8_t> encoded = Encode(*codec, std::vector<float>(count));
      encoded.resize(16);
      encoded[2] = input[3] / 16;  // the mode
      encoded.insert(encoded.end(), data.begin(), data.end());
      DecodeBothWays(*codec, count, encoded, &values);
      break;
    }
    case 2:
      RoundTrip(*codec, data);
      break;
    default: {
      StateTable table(MakeErrorFeedback(codec));
      if (table.Restore(data).ok()) {
        const std::vector<uint8_t> saved = table.Save();
        Demand(StateTable(MakeErrorFeedback(codec)).Restore(saved).ok());
      }
    }
  }
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tutti::TestOne(std::span(data, size));
  return 0;
}
