// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/environment_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "lib/bootstrap/knobs.h"
#include "lib/bootstrap/settings.h"

namespace tutti::info {
namespace {

using Json = nlohmann::ordered_json;

std::string Shown(const KnobValue& value) { return value.knob->is_secret ? "(set)" : value.text; }

Json KnobJson(const KnobValue& value) {
  const Knob& knob = *value.knob;
  const absl::string_view field = knob.field;
  return {{"variable", knob.variable},
          {"config_field", field.empty() ? Json(nullptr) : Json(knob.field)},
          {"value", value.text.empty() ? Json(nullptr) : Json(Shown(value))},
          {"origin", value.origin},
          {"valid", knob.values},
          {"default", absl::string_view(knob.default_text).empty() ? Json(nullptr) : Json(knob.default_text)},
          {"help", knob.help}};
}

}  // namespace

View EnvironmentView(const Environment& environment) {
  View view;
  const absl::StatusOr<JobSettings> settings = ResolveSettings({}, environment);
  if (!settings.ok()) {
    view.error = std::string(settings.status().message());
    return view;
  }
  size_t name_width = 0;
  size_t value_width = 1;
  for (const KnobValue& value : settings->provenance) {
    name_width = std::max(name_width, absl::string_view(value.knob->variable).size());
    value_width = std::max(value_width, std::min<size_t>(Shown(value).size(), 40));
  }
  view.json = Json::array();
  for (const KnobValue& value : settings->provenance) {
    absl::StrAppendFormat(&view.text, "%-*s  %-*s  %s\n    %s: %s\n", static_cast<int>(name_width),
                          value.knob->variable, static_cast<int>(value_width), value.text.empty() ? "-" : Shown(value),
                          value.origin, value.knob->help, value.knob->values);
    view.json.push_back(KnobJson(value));
  }
  return view;
}

}  // namespace tutti::info
