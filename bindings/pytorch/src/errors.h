// SPDX-License-Identifier: Apache-2.0
// Failures as exceptions that Python knows: what() is tutti's own sentence.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_ERRORS_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_ERRORS_H_

#include <stdexcept>
#include <string>

#include <tutti/tutti.h>

namespace tutti_torch {

// A call that was refused before anything started: ValueError in Python.
[[noreturn]] inline void Refuse(const std::string& sentence) { throw std::invalid_argument("tutti: " + sentence); }

// RuntimeError in Python. `what` is what was being done, e.g. "all_reduce".
[[noreturn]] inline void Fail(const std::string& what, const std::string& sentence) {
  throw std::runtime_error("tutti: " + what + " failed: " + sentence);
}

// The sentence of the call that has just failed on this thread.
inline std::string LastSentence(tutti_status_t status) {
  const std::string sentence = tutti_last_error();
  return (sentence.empty() ? tutti_status_string(status) : sentence) + " (" + tutti_status_name(status) + ")";
}

inline void Check(tutti_status_t status, const std::string& what) {
  if (status == TUTTI_OK) return;
  if (status >= 100 && status < 200 && status != TUTTI_ERR_OUT_OF_MEMORY) Refuse(what + ": " + LastSentence(status));
  Fail(what, LastSentence(status));
}

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_ERRORS_H_
