// SPDX-License-Identifier: Apache-2.0
// What error feedback and momentum correction remember of one tensor, and how it is saved:
//
//   "TEF1"   flags (4: bit 0, has momentum)   elements (8)   residuals ...   momentum ...   the inner codec's state ...
#ifndef TUTTI_LIB_CODEC_FEEDBACK_STATE_H_
#define TUTTI_LIB_CODEC_FEEDBACK_STATE_H_

#include <memory>
#include <utility>
#include <vector>

#include "lib/codec/codec.h"

namespace tutti {

class FeedbackState final : public CodecState {
 public:
  // inner: may be NULL.
  FeedbackState(size_t count, bool has_momentum, std::unique_ptr<CodecState> inner)
      : residual(count), momentum(has_momentum ? count : 0), inner_(std::move(inner)) {}

  // SIZE_MAX for a count that is too large for any memory.
  static size_t LeastSavedBytes(size_t count, bool has_momentum);

  CodecState* inner() const { return inner_.get(); }

  std::vector<uint8_t> Save() const override;
  tutti_status_t Restore(std::span<const uint8_t> saved) override;

  std::vector<float> residual;
  std::vector<float> momentum;  // empty if there is none
  std::vector<float> scratch;

 private:
  std::unique_ptr<CodecState> inner_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_FEEDBACK_STATE_H_
