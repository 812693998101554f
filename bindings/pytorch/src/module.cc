// SPDX-License-Identifier: Apache-2.0
// What Python sees: see tutti_torch/__init__.py.
#include <pybind11/chrono.h>
#include <torch/csrc/utils/pybind.h>

#include "process_group.h"

namespace py = pybind11;

namespace {

// torch registers its own base class, and needs to know no more of ours.
c10::intrusive_ptr<tutti_torch::BackendBase> Create(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                                    std::chrono::milliseconds timeout) {
  return tutti_torch::MakeProcessGroup(store, rank, size, timeout);
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
  module.def("version", &tutti_version, "The version of libtutti.");
}
