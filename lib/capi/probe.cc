// SPDX-License-Identifier: Apache-2.0
// tutti_probe: which rank's message can be received.
#include <time.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "lib/base/clock.h"
#include "lib/capi/arguments.h"
#include "lib/capi/deliver.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/comm/job.h"
#include "tutti/collectives.h"

namespace tutti {
namespace {

constexpr int kEagerLooks = 100;                // without a pause
constexpr int64_t kLongestPauseNs = 1'000'000;  // a message that comes later waits for so long at most

void Pause(int64_t ns) {
  const timespec time = {ns / kNsPerSecond, ns % kNsPerSecond};
  ::nanosleep(&time, nullptr);
}

tutti_status_t Probe(const char* function, tutti_comm_t comm, const tutti_options_t* user_options, int* peer) {
  if (peer == nullptr) return Invalid(function, "peer is NULL");
  *peer = -1;
  Communicator* communicator = Find(comm, function);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  CheckedOptions options;
  TUTTI_RETURN_IF_ERROR(CheckOptions(user_options, nullptr, function, &options));
  Job& job = communicator->job();
  const int64_t timeout_ns = options.timeout_ns > 0 ? options.timeout_ns : job.options().timeout_ns;
  const int64_t begun_ns = job.clock().NowNs();
  for (int64_t look = 0;; ++look) {
    const absl::StatusOr<int> sender = communicator->FindSender(options.tag);
    if (communicator->outcome() != Outcome::kOk) return FailedWith(*communicator);
    if (!sender.ok()) {
      return Failed(StatusFrom(sender.status().code(), TUTTI_ERR_INTERNAL),
                    absl::StrCat(function, ": ", sender.status().message()));
    }
    if (*sender >= 0) {
      *peer = *sender;
      return TUTTI_OK;
    }
    if (job.clock().NowNs() - begun_ns >= timeout_ns) return TUTTI_IN_PROGRESS;
    job.engine().Poll();
    if (look >= kEagerLooks) Pause(std::min(kLongestPauseNs, (look - kEagerLooks + 1) * 1000));
  }
}

}  // namespace
}  // namespace tutti

extern "C" tutti_status_t tutti_probe(tutti_comm_t comm, const tutti_options_t* options, int* peer) {
  return tutti::Fence(__func__, [&] { return tutti::Probe("tutti_probe", comm, options, peer); });
}
