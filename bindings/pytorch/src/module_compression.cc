// SPDX-License-Identifier: Apache-2.0
// What tutti_torch.hooks is made of.
#include <pybind11/stl.h>
#include <torch/csrc/utils/pybind.h>

#include <memory>
#include <string>
#include <vector>

#include "codec_states.h"
#include "low_rank.h"
#include "module.h"

namespace py = pybind11;

namespace tutti_torch {
namespace {

c10::intrusive_ptr<c10d::Work> Average(const Group& group, const std::vector<at::Tensor>& coded,
                                       const std::vector<uint64_t>& keys, const std::string& codec,
                                       const std::vector<at::Tensor>& plain) {
  return TuttiOf(group).AverageCompressed(coded, keys, codec, plain);
}

at::Tensor Save(const Group& group) { return SaveCodecStates(TuttiOf(group)); }

void Restore(const Group& group, const at::Tensor& saved) { RestoreCodecStates(TuttiOf(group), saved); }

void Measure(const Group& group, const std::string& text) { MeasureCodecs(TuttiOf(group), text); }

std::string Explain(const Group& group) { return ExplainCodecs(TuttiOf(group)); }

void AverageMatrices(const Group& group, const std::vector<std::shared_ptr<LowRankMatrix>>& matrices,
                     const std::vector<at::Tensor>& tensors) {
  AverageByLowRank(TuttiOf(group), matrices, tensors);
}

}  // namespace

void DefineCompression(py::module_& module) {
  using WithoutLock = py::call_guard<py::gil_scoped_release>;
  module.def(
      "average", &Average, py::arg("group"), py::arg("coded"), py::arg("keys"), py::arg("codec"), py::arg("plain"),
      WithoutLock(),
      "Starts the averages of tensors over all ranks, in place: some by a codec on their way, others as they are.");
  // None of the group's operations may be running in the next three.
  module.def("save_codec_states", &Save, py::arg("group"), WithoutLock(),
             "What the group's codecs remember on this rank, as bytes.");
  module.def("restore_codec_states", &Restore, py::arg("group"), py::arg("saved"), WithoutLock(),
             "Makes it as it was; what is not in the bytes is forgotten.");
  module.def("measure_codecs", &Measure, py::arg("group"), py::arg("text"), WithoutLock(),
             "Measures which codecs pay, on all ranks; `average` may then be given the same text (\"auto:0.01\").");
  module.def("explain_codecs", &Explain, py::arg("group"), WithoutLock(),
             "What was measured, and chosen; empty if nothing was.");

  py::class_<LowRankMatrix, std::shared_ptr<LowRankMatrix>>(module, "LowRankMatrix",
                                                            "What PowerSGD remembers of one matrix.")
      .def(py::init<int64_t, int64_t, int64_t, bool, bool, uint64_t>(), py::arg("rows"), py::arg("cols"),
           py::arg("rank"), py::arg("error_feedback"), py::arg("warm_start"), py::arg("seed"))
      .def("save", &LowRankMatrix::Save, "Bytes, for a checkpoint.")
      .def("restore", &LowRankMatrix::Restore, py::arg("saved"));
  module.def("average_by_low_rank", &AverageMatrices, py::arg("group"), py::arg("matrices"), py::arg("tensors"),
             WithoutLock(), "Nearly the averages of float32 tensors over all ranks, in place. Blocks.");
}

}  // namespace tutti_torch
