// SPDX-License-Identifier: Apache-2.0
// What a group's codecs remember of tensors (tutti/compression.h), for checkpoints, and the choice that is measured.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_CODEC_STATES_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_CODEC_STATES_H_

#include <cstdint>
#include <string>

#include <ATen/ATen.h>

#include "process_group.h"

namespace tutti_torch {

// All that this rank's codecs remember on the group, as bytes (uint8), which are good for a group of as many ranks. None of
// the group's operations may be running, for any of these functions but ExplainCodecs.
at::Tensor SaveCodecStates(ProcessGroupTutti& group);
void RestoreCodecStates(ProcessGroupTutti& group, const at::Tensor& saved);

// Collective, and blocks: measures which codecs pay ("auto:0.01"). Operations may then give that same text as their codec;
// those that give none go on without one.
void MeasureCodecs(ProcessGroupTutti& group, const std::string& text);

// What was measured, in a sentence; "" if nothing was.
std::string ExplainCodecs(ProcessGroupTutti& group);

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_CODEC_STATES_H_
