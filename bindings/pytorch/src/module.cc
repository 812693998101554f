// SPDX-License-Identifier: Apache-2.0
// What Python sees: see tutti_torch/__init__.py.
#include <pybind11/chrono.h>
#include <torch/csrc/utils/pybind.h>

#include <stdexcept>

#include "process_group.h"

namespace py = pybind11;

namespace {

// torch registers its own base class, and needs to know no more of ours.
c10::intrusive_ptr<tutti_torch::BackendBase> Create(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                                    std::chrono::milliseconds timeout) {
  return tutti_torch::MakeProcessGroup(store, rank, size, timeout);
}

py::list TakeTimings(const c10::intrusive_ptr<tutti_torch::BackendBase>& group) {
  auto* tutti = dynamic_cast<tutti_torch::ProcessGroupTutti*>(group.get());
  if (tutti == nullptr) throw std::invalid_argument("tutti: the group is not of the backend tutti");
  py::list timings;
  for (const tutti_torch::OperationTiming& entry : tutti->TakeTimings()) {
    const tutti_timing_t& t = entry.timing;
    timings.append(py::make_tuple(entry.name, t.total_ns, t.queued_ns, t.waited_ns, t.moved_ns, t.reduced_ns,
                                  t.last_rank, t.last_by_ns));
  }
  return timings;
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
  module.def("version", &tutti_version, "The version of libtutti.");
}
