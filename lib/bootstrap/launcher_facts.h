// SPDX-License-Identifier: Apache-2.0
// A helper that the launchers' files share; of no use elsewhere.
#ifndef TUTTI_LIB_BOOTSTRAP_LAUNCHER_FACTS_H_
#define TUTTI_LIB_BOOTSTRAP_LAUNCHER_FACTS_H_

#include <initializer_list>
#include <optional>

#include "lib/bootstrap/launcher.h"

namespace tutti {

// The first of the variables that is set.
inline std::optional<LauncherFact> FirstFact(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const std::string* text = environment.Find(name)) return LauncherFact{*text, name};
  }
  return std::nullopt;
}

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_LAUNCHER_FACTS_H_
