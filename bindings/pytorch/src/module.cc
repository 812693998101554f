// SPDX-License-Identifier: Apache-2.0
// What Python sees: see tutti_torch/__init__.py.
#include <pybind11/chrono.h>
#include <pybind11/stl.h>
#include <torch/csrc/utils/pybind.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host_memory.h"
#include "module.h"
#include "overruns.h"

namespace py = pybind11;

namespace {

// torch registers its own base class, and needs to know no more of ours.
c10::intrusive_ptr<tutti_torch::BackendBase> Create(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                                    std::chrono::milliseconds timeout) {
  return tutti_torch::MakeProcessGroup(store, rank, size, timeout);
}

using tutti_torch::Group;
using tutti_torch::TuttiOf;

py::list ToPython(const std::vector<tutti_torch::OperationTiming>& timings) {
  py::list list;
  for (const tutti_torch::OperationTiming& entry : timings) {
    const tutti_timing_t& t = entry.timing;
    list.append(py::make_tuple(entry.name, t.total_ns, t.queued_ns, t.waited_ns, t.moved_ns, t.reduced_ns, t.coded_ns,
                               t.last_rank, t.last_by_ns, entry.begun_ns));
  }
  return list;
}

py::list TakeTimings(const Group& group) { return ToPython(TuttiOf(group).timings().Take()); }

bool StartRecording(const Group& group) { return TuttiOf(group).timings().StartRecording(); }

py::list StopRecording(const Group& group) { return ToPython(TuttiOf(group).timings().StopRecording()); }

void SetBudget(const Group& group, int64_t budget_ns, std::shared_ptr<tutti_torch::Overruns> listener) {
  TuttiOf(group).SetBudget(budget_ns, std::move(listener));
}

py::object TakeOverrun(tutti_torch::Overruns& overruns) {
  std::optional<tutti_torch::Overrun> overrun;
  {
    const py::gil_scoped_release release;
    overrun = overruns.Take();
  }
  if (!overrun) return py::none();
  return py::make_tuple(overrun->sentence, overrun->total_ns, overrun->budget_ns, overrun->culprit);
}

at::Tensor Empty(const Group& group, const std::vector<int64_t>& sizes, const at::Tensor& like) {
  tutti_torch::ProcessGroupTutti& tutti = TuttiOf(group);
  size_t bytes = like.itemsize();
  for (const int64_t size : sizes) {
    if (size < 0) throw std::invalid_argument("tutti: empty: a size is negative");
    if (__builtin_mul_overflow(bytes, static_cast<size_t>(size), &bytes)) {
      throw std::invalid_argument("tutti: empty: a tensor of that size has more bytes than memory has addresses");
    }
  }
  if (bytes == 0) return at::empty(sizes, like.options());
  return tutti_torch::TensorOf(tutti.AllocateMemory(bytes), sizes, like.options());
}

void Move(const Group& group, const at::Tensor& tensor) {
  tutti_torch::ProcessGroupTutti& tutti = TuttiOf(group);
  if (tutti_torch::IsInHostMemory(tensor)) return;
  tutti_torch::CheckMovable(tensor);
  if (tensor.storage().nbytes() == 0) return;
  tutti_torch::MoveTo(tutti.AllocateMemory(tensor.storage().nbytes()), tensor);
}

}  // namespace

PYBIND11_MODULE(_C, module) {
  module.doc() = "The backend \"tutti\" of torch.distributed, in C++.";
  // Without the interpreter's lock: the other ranks' threads may need it to come here.
  module.def("create", &Create, py::arg("store"), py::arg("rank"), py::arg("size"), py::arg("timeout"),
             py::call_guard<py::gil_scoped_release>(),
             "Makes a process group: blocks until all of its ranks have come.");
  module.def("close_all", &tutti_torch::CloseAllGroups, py::call_guard<py::gil_scoped_release>(),
             "Leaves all process groups of this process. Waits for no other rank.");
  module.def("take_timings", &TakeTimings, py::arg("group"),
             "Of the group's operations that have ended since the last call; tuples, see tutti_torch.Timing.");
  module.attr("LONGEST_RECORDING") = tutti_torch::TimingLog::kLongestRecording;
  module.def("start_recording", &StartRecording, py::arg("group"),
             "Keeps the timings of the group's operations from now on. False: it does already.");
  module.def("stop_recording", &StopRecording, py::arg("group"),
             "Ends it. The timings of the operations that have ended meanwhile, at most the first LONGEST_RECORDING.");
  py::class_<tutti_torch::Overruns, std::shared_ptr<tutti_torch::Overruns>>(
      module, "Overruns", "Operations that took longer than their budget, until somebody takes them.")
      .def(py::init<>())
      .def("take", &TakeOverrun, "Blocks until there is one: (sentence, total_ns, budget_ns, culprit). None: closed.");
  module.def("set_budget", &SetBudget, py::arg("group"), py::arg("budget_ns"), py::arg("listener"),
             py::call_guard<py::gil_scoped_release>(), "See tutti_torch.set_budget. The listener may be None.");
  module.def("empty", &Empty, py::arg("group"), py::arg("sizes"), py::arg("like"),
             py::call_guard<py::gil_scoped_release>(), "See tutti_torch.empty. `like` gives the type.");
  module.def("move", &Move, py::arg("group"), py::arg("tensor"), py::call_guard<py::gil_scoped_release>(),
             "See tutti_torch.move_.");
  tutti_torch::DefineCompression(module);
  module.def("is_shared", &tutti_torch::IsInHostMemory, py::arg("tensor"),
             "Whether the tensor is in memory that tutti has allocated.");
  module.def("version", &tutti_version, "The version of libtutti.");
}
