// SPDX-License-Identifier: Apache-2.0
#include "codec_states.h"

#include "errors.h"
#include "saved_bytes.h"

namespace tutti_torch {

at::Tensor SaveCodecStates(ProcessGroupTutti& group) {
  constexpr const char* kName = "saving what codecs remember";
  at::Tensor saved;
  group.WithCommunicator(kName, [&](tutti_comm_t comm) {
    saved = SavedBytes(kName, [comm](void* buffer, size_t capacity, size_t* bytes) {
      return tutti_codec_save(comm, buffer, capacity, bytes);
    });
  });
  return saved;
}

void RestoreCodecStates(ProcessGroupTutti& group, const at::Tensor& saved) {
  constexpr const char* kName = "restoring what codecs remembered";
  const at::Tensor bytes = CheckedBytes(kName, saved);
  group.WithCommunicator(
      kName, [&](tutti_comm_t comm) { Check(tutti_codec_restore(comm, bytes.data_ptr(), bytes.nbytes()), kName); });
}

void MeasureCodecs(ProcessGroupTutti& group, const std::string& text) {
  constexpr const char* kName = "measuring codecs";
  group.WithCommunicator(kName, [&](tutti_comm_t comm) {
    Check(tutti_comm_set_codec(comm, text.c_str()), kName);
    Check(tutti_comm_set_codec(comm, nullptr), kName);  // what was measured stays known
  });
}

std::string ExplainCodecs(ProcessGroupTutti& group) {
  std::string sentence;
  group.WithCommunicator("explaining codecs", [&](tutti_comm_t comm) { sentence = tutti_comm_explain_codec(comm); });
  return sentence;
}

}  // namespace tutti_torch
