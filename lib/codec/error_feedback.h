// SPDX-License-Identifier: Apache-2.0
// Decorators that remember what a lossy codec has lost. In each step, for each element, with x the value given:
//
//   error feedback        v = keep * residual + x                    residual = v - decoded(encoded(v))
//   momentum correction   u = factor * u + x,  v = residual + u      residual = v - decoded(encoded(v))
//                         masking: u = 0 where decoded(encoded(v)) is not 0
//
// v is what is encoded. With keep = 1 nothing is lost for good, only late, which is what lets training with sparse or 1-bit
// gradients converge. Where codecs lose most of a value (sign), residuals grow to many times a gradient, and what comes so
// late, repeated by an optimizer's momentum, makes training diverge; with keep below 1 old losses fade. Momentum correction (with an optimizer that has no momentum of its own) keeps late parts from counting with
// their old direction. Where v or its residual is infinite or NaN, the residual becomes 0: an overflow is seen once,
// and does not stay.
//
// Sources: Seide et al. 2014 (1-bit SGD), Karimireddy et al. 2019 (error feedback); Lin et al. 2018 (deep gradient
// compression: momentum correction and momentum factor masking); Wu et al. 2018 (error compensated quantized SGD: residuals
// that fade).
#ifndef TUTTI_LIB_CODEC_ERROR_FEEDBACK_H_
#define TUTTI_LIB_CODEC_ERROR_FEEDBACK_H_

#include <map>
#include <memory>
#include <string>

#include "lib/codec/codec.h"

namespace tutti {

// Both for float32 only, around any codec. Decoding is the inner codec's; states hold 4 bytes for each element of the
// tensor (8 with momentum), and as much scratch as the largest slice. Encoding needs a state.
// 0 < keep <= 1. parameters: how they are written in the identity.
std::shared_ptr<const Codec> MakeErrorFeedback(std::shared_ptr<const Codec> inner, float keep = 1,
                                               const std::map<std::string, std::string>& parameters = {});

// 0 < factor <= 1. Masking is for codecs that send few
// values: a quantised value is hardly ever 0, and would end all momentum.
std::shared_ptr<const Codec> MakeMomentumCorrection(std::shared_ptr<const Codec> inner, float factor, bool masking,
                                                    const std::map<std::string, std::string>& parameters);

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_ERROR_FEEDBACK_H_
