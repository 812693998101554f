// SPDX-License-Identifier: Apache-2.0
// What a process is told by whoever started it: a copy of its environment variables, and who it is to the system. The
// only place of this room that reads ::environ; everything else is handed one of these, so that tests can make it up.
#ifndef TUTTI_LIB_BOOTSTRAP_ENVIRONMENT_H_
#define TUTTI_LIB_BOOTSTRAP_ENVIRONMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

struct Environment {
  std::map<std::string, std::string> variables;
  uint32_t user_id = 0;
  int64_t parent_pid = 0;

  // Reads ::environ: not to be called while another thread changes it (setenv).
  static Environment OfThisProcess();

  // nullptr if the variable is not set. One that is set to nothing counts as not set, as shells make it easy to write
  // `TUTTI_SECRET= program` for "without".
  const std::string* Find(absl::string_view name) const;

  // The variable's value if it is a whole decimal number from 0 to 2^31 - 1. A malformed value gives nothing here;
  // whoever needs the variable itself reports it.
  std::optional<int> FindNumber(absl::string_view name) const;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_ENVIRONMENT_H_
