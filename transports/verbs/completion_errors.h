// SPDX-License-Identifier: Apache-2.0
// What a failed work request means, in words an operator can act on.
#ifndef TUTTI_TRANSPORTS_VERBS_COMPLETION_ERRORS_H_
#define TUTTI_TRANSPORTS_VERBS_COMPLETION_ERRORS_H_

#include <infiniband/verbs.h>

#include <string>

#include "transports/verbs/device.h"

namespace tutti::verbs {

// Names the device, the queue pair and the likely cause, but no ranks.
std::string CompletionSentence(const ibv_wc& completion, const Device& device, const PortOptions& options);

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_COMPLETION_ERRORS_H_
