// SPDX-License-Identifier: Apache-2.0
#include <Python.h>  // before all others, as it asks to be

#include "without_gil.h"

namespace tutti_torch {

void WithoutGil(c10::function_ref<void()> function) {
  if (Py_IsInitialized() == 0 || PyGILState_Check() == 0) return function();
  PyThreadState* const state = PyEval_SaveThread();
  function();
  PyEval_RestoreThread(state);
}

}  // namespace tutti_torch
