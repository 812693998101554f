// SPDX-License-Identifier: Apache-2.0
// The flight record of a rank that joins: where it goes, what it is called, and who clears away those of the dead.
#ifndef TUTTI_LIB_CAPI_MAKE_RECORDER_H_
#define TUTTI_LIB_CAPI_MAKE_RECORDER_H_

#include <memory>

#include "absl/strings/string_view.h"

#include "lib/bootstrap/control_plane.h"
#include "lib/bootstrap/settings.h"
#include "lib/recorder/flight_recorder.h"

namespace tutti {

// nullptr if the settings say so, or if there is no place for it, which is a warning: a job does not fail for it.
std::unique_ptr<FlightRecorder> MakeRecorder(const JobSettings& settings, const PeerCard& self,
                                             absl::string_view data_secret);

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_MAKE_RECORDER_H_
