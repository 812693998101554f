// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/live_view.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/raw_clock.h"
#include "lib/bootstrap/settings.h"
#include "lib/recorder/flight_folder.h"
#include "tools/live/show.h"
#include "tools/live/snapshot.h"

namespace tutti::info {

absl::StatusOr<std::vector<std::string>> LiveFolders(const Environment& environment) {
  const absl::StatusOr<JobSettings> settings = ResolveSettings({}, environment);
  if (!settings.ok()) return settings.status();
  if (!settings->recorder.empty() && settings->recorder != "off") return std::vector<std::string>{settings->recorder};
  return DefaultFlightFolders();
}

View LiveView(const LiveOptions& options, const Environment& environment) {
  View view;
  const absl::StatusOr<std::vector<std::string>> folders = LiveFolders(environment);
  if (!folders.ok()) {
    view.error = std::string(folders.status().message());
    return view;
  }
  int removed = 0;
  if (options.clean) {
    for (const std::string& folder : *folders) removed += RemoveDeadFlightRecords(folder, 0, 0);
  }
  const live::Snapshot snapshot = live::TakeSnapshot(*folders, options.job, RawClock().NowNs());
  view.text = live::LiveText(snapshot, options.last, options.columns);
  view.json = live::LiveJson(snapshot, options.last);
  if (!options.clean) return view;
  view.text =
      absl::StrCat("removed ", removed, removed == 1 ? " record" : " records", " of dead processes\n\n", view.text);
  view.json["removed"] = removed;
  return view;
}

}  // namespace tutti::info
