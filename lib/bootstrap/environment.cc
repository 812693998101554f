// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/environment.h"

#include <unistd.h>

#include "lib/bootstrap/parse_value.h"

namespace tutti {

Environment Environment::OfThisProcess() {
  Environment environment;
  environment.user_id = geteuid();
  environment.parent_pid = getppid();
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const absl::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals == absl::string_view::npos || equals == 0) continue;
    // The first of several entries with one name wins, as for getenv.
    environment.variables.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
  }
  return environment;
}

const std::string* Environment::Find(absl::string_view name) const {
  const auto found = variables.find(std::string(name));
  if (found == variables.end() || found->second.empty()) return nullptr;
  return &found->second;
}

std::optional<int> Environment::FindNumber(absl::string_view name) const {
  const std::string* text = Find(name);
  if (text == nullptr) return std::nullopt;
  return ParseNumber(*text, 0, INT32_MAX);
}

}  // namespace tutti
