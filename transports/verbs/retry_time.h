// SPDX-License-Identifier: Apache-2.0
// How long a device tries before it calls a path lost.
#ifndef TUTTI_TRANSPORTS_VERBS_RETRY_TIME_H_
#define TUTTI_TRANSPORTS_VERBS_RETRY_TIME_H_

#include <cstdint>

#include "lib/base/clock.h"
#include "transports/verbs/verbs_options.h"

namespace tutti::verbs {

struct RetryTime {
  int64_t least_ns = 0;  // what the settings say
  int64_t most_ns = 0;   // devices may take every acknowledgement timeout for up to four of it (InfiniBand, 9.7.6.1.3)
};

// A packet is sent 1 + retry_count times, each time an acknowledgement is awaited.
inline RetryTime RetryTimeOf(const PortOptions& options) {
  const int64_t timeout_ns = int64_t{4096} << options.ack_timeout;
  const int64_t least_ns = timeout_ns * (options.retry_count + 1);
  return {least_ns, 4 * least_ns};
}

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_RETRY_TIME_H_
