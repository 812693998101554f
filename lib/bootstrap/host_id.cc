// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/host_id.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/clock.h"
#include "lib/base/unique_fd.h"

namespace tutti {
namespace {

std::string ReadBootId() {
  const UniqueFd fd(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  char text[64] = "";
  const ssize_t bytes = fd.valid() ? read(fd.get(), text, sizeof text) : -1;
  if (bytes < 36) return "";
  return std::string(absl::StripAsciiWhitespace(absl::string_view(text, static_cast<size_t>(bytes))));
}

// "net:[4026531833]"; "?" where the kernel has no such namespace or hides it.
std::string Namespace(const char* name) {
  char target[64] = "";
  const ssize_t bytes = readlink(absl::StrCat("/proc/self/ns/", name).c_str(), target, sizeof target);
  return bytes > 0 ? std::string(target, static_cast<size_t>(bytes)) : "?";
}

}  // namespace

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = "";
  if (gethostname(name, sizeof name) != 0 || name[0] == '\0') return "?";
  name[HOST_NAME_MAX] = '\0';
  return name;
}

std::string HostId() {
  const std::string boot_id = ReadBootId();
  if (boot_id.empty()) return absl::StrCat("alone:", HostName(), ":", getpid(), ":", UnixNowNs());
  // The host name tells apart virtual machines that were resumed from one snapshot, and so have one boot id.
  return absl::StrCat(boot_id, ";", HostName(), ";", Namespace("net"), ";", Namespace("pid"), ";", Namespace("user"));
}

}  // namespace tutti
