// SPDX-License-Identifier: Apache-2.0
// The table of all knobs. A new one is one entry in knobs.cc; resolving, error messages, logs and `tutti-info --env`
// follow.
#ifndef TUTTI_LIB_BOOTSTRAP_KNOBS_H_
#define TUTTI_LIB_BOOTSTRAP_KNOBS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/bootstrap/launcher.h"
#include "lib/bootstrap/settings.h"

namespace tutti {

struct Knob {
  const char* variable;      // "TUTTI_RANK"
  const char* field;         // of tutti_comm_config_t; "" if only the environment sets it
  const char* values;        // what is valid, as the end of "it must be ..."
  const char* default_text;  // what holds if nobody says anything; parsed like any other value, "" is not parsed
  const char* help;          // one line
  bool is_secret;            // the value must never be shown
  // What the config struct says, as text; nothing if it says nothing. nullptr: no field.
  std::optional<std::string> (*from_config)(const SettingsOverrides& config);
  // What the launcher says; nullptr: launchers do not know this knob.
  const std::optional<LauncherFact>& (*from_launcher)(const LauncherFacts& facts);
  // Checks the text and stores the value. False if it is not valid.
  bool (*apply)(absl::string_view text, JobSettings* settings);
};

absl::Span<const Knob> AllKnobs();

// nullptr if there is no knob of that name.
const Knob* FindKnob(absl::string_view variable);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_KNOBS_H_
