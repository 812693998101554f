// SPDX-License-Identifier: Apache-2.0
// How a snapshot is shown: to people, to programs, and on a screen that is renewed.
#ifndef TUTTI_TOOLS_LIVE_SHOW_H_
#define TUTTI_TOOLS_LIVE_SHOW_H_

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>
#include "absl/strings/string_view.h"

#include "tools/live/snapshot.h"

namespace tutti::live {

// Whole lines. `last`: so many of the last operations of each rank, too. `columns`: sentences are broken into lines of at most
// that; 0: they are not.
std::string LiveText(const Snapshot& snapshot, int last, size_t columns = 0);

// Times are in ns before the snapshot; null where they are not known.
nlohmann::ordered_json LiveJson(const Snapshot& snapshot, int last);

// The text cut to so many columns and lines, with what a terminal needs to put it over what was there before.
std::string Frame(absl::string_view text, size_t columns, size_t lines);

}  // namespace tutti::live

#endif  // TUTTI_TOOLS_LIVE_SHOW_H_
