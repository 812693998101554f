// SPDX-License-Identifier: Apache-2.0
// What the parts of the Python module share.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_MODULE_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_MODULE_H_

#include <stdexcept>

#include <torch/csrc/utils/pybind.h>

#include "process_group.h"

namespace tutti_torch {

// As torch hands it over.
using Group = c10::intrusive_ptr<BackendBase>;

inline ProcessGroupTutti& TuttiOf(const Group& group) {
  auto* tutti = dynamic_cast<ProcessGroupTutti*>(group.get());
  if (tutti == nullptr) throw std::invalid_argument("tutti: the group is not of the backend tutti");
  return *tutti;
}

// Averages in fewer bytes, and what is remembered for them: see module_compression.cc.
void DefineCompression(pybind11::module_& module);

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_MODULE_H_
