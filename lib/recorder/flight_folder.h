// SPDX-License-Identifier: Apache-2.0
// Where flight records lie, and who removes those that nobody needs any more.
//
// Unless told otherwise: /dev/shm/tutti-UID, else /tmp/tutti-UID; of this user, mode 0700. In memory, because a page of a disk's
// file is taken away from its writer whenever it goes to the disk, which the writer would notice. Not in XDG_RUNTIME_DIR, which
// goes away when the user logs out, while jobs go on.
#ifndef TUTTI_LIB_RECORDER_FLIGHT_FOLDER_H_
#define TUTTI_LIB_RECORDER_FLIGHT_FOLDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "lib/recorder/flight_record.h"

namespace tutti {

// "RUN.RANK.PID.flight"
std::string FlightFileName(absl::string_view run, int rank, int64_t pid);

// The user's own folders, in the order in which they are tried.
std::vector<std::string> DefaultFlightFolders();

// A folder to write to: `wish`, or if that is empty the first of the defaults that works. Makes it if it is missing (of `wish`
// the last part only). Unavailable, with a sentence: there is none, or it is not this user's alone.
absl::StatusOr<std::string> PrepareFlightFolder(const std::string& wish);

// The paths of all records in the folder that belong to this user, sorted. A folder that does not exist is empty.
// PermissionDenied, Unavailable: it cannot be read.
absl::StatusOr<std::vector<std::string>> ListFlightRecords(const std::string& folder);

// The record that another rank of the same run keeps beside this one's. NotFound: there is none, as it is on another host, or
// keeps none.
absl::StatusOr<FlightRecord> ReadFlightRecordOfPeer(const std::string& own_path, int rank);

// Removes the records of processes that are dead, and what is left of some that never became records. Of those it keeps the
// newest `keep` that are younger than max_age_ns: somebody may still want to know why they died. Returns how many are gone.
int RemoveDeadFlightRecords(const std::string& folder, int keep, int64_t max_age_ns);

// What the next job does: its first rank of the host removes what is older than an hour, and all but the newest 64.
inline constexpr int kKeptDeadRecords = 64;
inline constexpr int64_t kKeptDeadNs = 3600 * int64_t{1'000'000'000};

}  // namespace tutti

#endif  // TUTTI_LIB_RECORDER_FLIGHT_FOLDER_H_
