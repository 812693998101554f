// SPDX-License-Identifier: Apache-2.0
// By which network of this host a job between hosts would go, as far as can be told without the job.
#ifndef TUTTI_TOOLS_TUTTI_INFO_JOB_NETWORK_H_
#define TUTTI_TOOLS_TUTTI_INFO_JOB_NETWORK_H_

#include <string>

#include "lib/bootstrap/settings.h"
#include "transports/verbs/verbs_options.h"

namespace tutti::info {

struct LikelyNetwork {
  std::string address;    // "" if there is none
  std::string interface;  // that has it
};
LikelyNetwork LikelyNetworkOf(const JobSettings& settings);

// What a rank that is started like this process would tell its verbs transport.
verbs::PortOptions PortOptionsOf(const JobSettings& settings);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_JOB_NETWORK_H_
