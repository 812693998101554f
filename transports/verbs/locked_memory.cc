// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/locked_memory.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace tutti::verbs {
namespace {

bool IsPrivileged() {
  __user_cap_header_struct header = {};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  return (data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0;
}

}  // namespace

uint64_t LockableBytes() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || IsPrivileged()) return kUnlimited;
  return limit.rlim_cur;
}

std::string LockedMemoryWarning(uint64_t lockable_bytes) {
  if (lockable_bytes >= kAmpleLockedBytes) return "";
  return absl::StrCat("only ", lockable_bytes >> 10,
                      " KiB of memory may be locked, which RDMA needs for all buffers; raise the limit (ulimit -l "
                      "unlimited, LimitMEMLOCK=infinity of a service, --ulimit memlock=-1 of a container)");
}

}  // namespace tutti::verbs
