// SPDX-License-Identifier: Apache-2.0
// What rank 0 tells the others on a private way (a file that only their user can read, or the caller's exchange
// function): where its service is, and a ticket that makes this run of the job unmistakable. Pure text.
#ifndef TUTTI_LIB_BOOTSTRAP_SERVICE_NOTICE_H_
#define TUTTI_LIB_BOOTSTRAP_SERVICE_NOTICE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/bootstrap/ip_address.h"

namespace tutti {

inline constexpr size_t kMaxNoticeBytes = 512;
inline constexpr size_t kMaxNoticeAddresses = 8;

struct ServiceNotice {
  std::string ticket;                    // 64 hexadecimal digits; part of the job's key
  std::vector<SocketAddress> addresses;  // best first, at most kMaxNoticeAddresses

  std::string ToText() const;  // at most kMaxNoticeBytes
  static std::optional<ServiceNotice> Parse(absl::string_view text);
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_SERVICE_NOTICE_H_
