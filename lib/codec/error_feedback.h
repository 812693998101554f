// SPDX-License-Identifier: Apache-2.0
// Decorators that remember what a lossy codec has lost. In each step, for each element, with x the value given:
//
//   error feedback        v = residual + x                           residual = v - decoded(encoded(v))
//   momentum correction   u = factor * u + x,  v = residual + u      residual = v - decoded(encoded(v))
//                         masking: u = 0 where decoded(encoded(v)) is not 0
//
// v is what is encoded. Nothing is lost for good, only late, which is what lets training with sparse or 1-bit gradients
// converge. Momentum correction (with an optimizer that has no momentum of its own) keeps late parts from counting with
// their old direction. Where v or its residual is infinite or NaN, the residual becomes 0: an overflow is seen once,
// and does not stay.
//
// Sources: Seide et al. 2014 (1-bit SGD), Karimireddy et al. 2019 (error feedback); Lin et al. 2018 (deep gradient
// compression: momentum correction and momentum factor masking).
#ifndef TUTTI_LIB_CODEC_ERROR_FEEDBACK_H_
#define TUTTI_LIB_CODEC_ERROR_FEEDBACK_H_

#include <map>
#include <memory>
#include <string>

#include "lib/codec/codec.h"

namespace tutti {

// Both for float32 only, around any codec. Decoding is the inner codec's; states hold 4 bytes for each element of the
// tensor (8 with momentum), and as much scratch as the largest slice. Encoding needs a state.
std::shared_ptr<const Codec> MakeErrorFeedback(std::shared_ptr<const Codec> inner);

// 0 < factor <= 1. parameters: how factor and masking are written in the identity. Masking is for codecs that send few
// values: a quantised value is hardly ever 0, and would end all momentum.
std::shared_ptr<const Codec> MakeMomentumCorrection(std::shared_ptr<const Codec> inner, float factor, bool masking,
                                                    const std::map<std::string, std::string>& parameters);

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_ERROR_FEEDBACK_H_
