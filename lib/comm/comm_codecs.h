// SPDX-License-Identifier: Apache-2.0
// The codecs that a communicator's calls name, with what they remember of the caller's tensors. By the text that names
// them: two texts for one codec are two codecs with a memory each.
//
// One thread at a time (the one that starts operations).
#ifndef TUTTI_LIB_COMM_COMM_CODECS_H_
#define TUTTI_LIB_COMM_COMM_CODECS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "lib/codec/codec.h"
#include "lib/codec/state_table.h"
#include "lib/engine/coded_call.h"
#include "lib/telemetry/codec_totals.h"

namespace tutti {

class CommCodec {
 public:
  // number: tells plans of different codecs apart; not 0.
  CommCodec(uint32_t number, std::shared_ptr<const Codec> codec);

  uint32_t number() const { return number_; }
  const Codec& codec() const { return *codec_; }
  CodecPair pair() const { return {codec_.get(), results_codec_.get()}; }

  // Whether it can be used for such a call; and the sentence that says so, Unimplemented if it cannot.
  bool Fits(DataType type, ReduceOp op) const { return codec_->Supports(type) && codec_->SupportsOp(op); }
  absl::Status CheckFits(DataType type, ReduceOp op) const;

  // What an operation on the tensor needs; states are made when a key is first seen. `result_count`: see
  // Plan::result_elements. InvalidArgument: the key has been used for a tensor of another type or length.
  absl::Status Fill(uint64_t tensor, uint64_t step, DataType type, uint64_t count, uint64_t result_count,
                    CodedCall* call);

  const CodecTotals& totals() const { return totals_; }
  // Whether it has cost more than it saved over kJudgedOperations; says so once.
  bool MustTellCost() {
    if (cost_told_ || totals_.operations.get() < kJudgedOperations || !totals_.CostsMore()) return false;
    return cost_told_ = true;
  }

  void Forget(uint64_t tensor);
  void ForgetAll();
  // Of the same codec.
  void TakeStatesOf(CommCodec& other);
  std::vector<uint8_t> Save() const;
  // After an error everything is as it was.
  absl::Status Restore(std::span<const uint8_t> saved);

 private:
  const uint32_t number_;
  const std::shared_ptr<const Codec> codec_;
  const std::shared_ptr<const Codec> results_codec_;
  StateTable contributions_;
  StateTable results_;
  static constexpr uint64_t kJudgedOperations = 64;

  CodecTotals totals_;  // written by the driver
  bool cost_told_ = false;
  CodedHeader header_;  // of all slices, but for tensor, step and length
};

class CommCodecs {
 public:
  // More than any program names on purpose; they are kept, with their states, as long as the communicator.
  static constexpr size_t kMaxCodecs = 256;

  // The codec of that text (lib/codec/registry.h), made when it is first named. nullptr for "none" and "".
  absl::StatusOr<CommCodec*> Find(absl::string_view text);

  // One that has been found before, or nullptr.
  const CommCodec* FindUsed(absl::string_view text) const;

  void Forget(uint64_t tensor);

  // All codecs' states: equal states give equal bytes.
  std::vector<uint8_t> Save() const;
  // The bytes may come from anywhere. After an error everything is as it was.
  absl::Status Restore(std::span<const uint8_t> saved);

 private:
  absl::flat_hash_map<std::string, std::unique_ptr<CommCodec>> codecs_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_COMM_CODECS_H_
