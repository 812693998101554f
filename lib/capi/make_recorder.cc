// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/make_recorder.h"

#include <utility>

#include "lib/base/log.h"
#include "lib/base/raw_clock.h"
#include "lib/bootstrap/auth.h"
#include "lib/recorder/flight_folder.h"

namespace tutti {
namespace {

absl::StatusOr<std::unique_ptr<FlightRecorder>> Create(const JobSettings& settings, const PeerCard& self,
                                                       absl::string_view data_secret) {
  const absl::StatusOr<std::string> folder = PrepareFlightFolder(settings.recorder);
  if (!folder.ok()) return folder.status();
  // One of the host's ranks is enough.
  if (settings.rank == 0 || settings.local_rank == 0) {
    RemoveDeadFlightRecords(*folder, kKeptDeadRecords, kKeptDeadNs);
  }
  const FlightRecorder::Identity identity{settings.rank, settings.size, NameRun(data_secret), settings.job_id,
                                          self.host};
  return FlightRecorder::Create(*folder, identity, RawClock().NowNs());
}

}  // namespace

std::unique_ptr<FlightRecorder> MakeRecorder(const JobSettings& settings, const PeerCard& self,
                                             absl::string_view data_secret) {
  if (settings.recorder == "off") return nullptr;
  absl::StatusOr<std::unique_ptr<FlightRecorder>> recorder = Create(settings, self, data_secret);
  if (!recorder.ok()) {
    TUTTI_LOG(kWarn,
              "no flight record is kept, and tutti-info --live will not see this rank: ", recorder.status().message(),
              "; TUTTI_RECORDER names another folder, or \"off\"");
    return nullptr;
  }
  return *std::move(recorder);
}

}  // namespace tutti
