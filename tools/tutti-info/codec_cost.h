// SPDX-License-Identifier: Apache-2.0
// What a codec costs on this machine, for the model: measured for some milliseconds on one core.
#ifndef TUTTI_TOOLS_TUTTI_INFO_CODEC_COST_H_
#define TUTTI_TOOLS_TUTTI_INFO_CODEC_COST_H_

#include "absl/status/statusor.h"

#include "collectives/simulate/cluster.h"
#include "lib/codec/codec.h"

namespace tutti::info {

// With nearly normal random values, as gradients are, as many as an all_reduce encodes at a time.
absl::StatusOr<simulate::CodecCost> MeasureCodecCost(const Codec& codec);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_CODEC_COST_H_
