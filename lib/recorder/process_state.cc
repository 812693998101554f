// SPDX-License-Identifier: Apache-2.0
#include "lib/recorder/process_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "lib/base/unique_fd.h"

namespace tutti {
namespace {

struct ProcStat {
  char state = '?';
  uint64_t start_ticks = 0;
};

// /proc/PID/stat: "PID (name) state ...", where the name may hold anything, and the 22nd field is the start.
std::optional<ProcStat> ReadStat(int64_t pid, int* error) {
  const UniqueFd fd(open(absl::StrCat("/proc/", pid, "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text;
  const ssize_t bytes = fd.valid() ? read(fd.get(), text.data(), text.size()) : -1;
  *error = bytes < 0 ? errno : 0;
  if (bytes <= 0) return std::nullopt;
  const absl::string_view line(text.data(), static_cast<size_t>(bytes));
  const size_t name_end = line.rfind(')');
  if (name_end == absl::string_view::npos) return std::nullopt;
  const std::vector<absl::string_view> fields = absl::StrSplit(line.substr(name_end + 1), ' ', absl::SkipEmpty());
  constexpr size_t kStart = 22 - 3;  // the state is the third
  ProcStat stat;
  if (fields.size() <= kStart || !absl::SimpleAtoi(fields[kStart], &stat.start_ticks)) return std::nullopt;
  stat.state = fields[0].front();
  return stat;
}

uint64_t OwnPidNamespace() {
  struct stat facts = {};
  return stat("/proc/self/ns/pid", &facts) == 0 ? static_cast<uint64_t>(facts.st_ino) : 0;
}

}  // namespace

ProcessIdentity ThisProcess() {
  ProcessIdentity self;
  self.pid = getpid();
  int error = 0;
  if (const std::optional<ProcStat> stat = ReadStat(self.pid, &error)) self.start_ticks = stat->start_ticks;
  self.pid_namespace = OwnPidNamespace();
  return self;
}

ProcessState StateOf(const ProcessIdentity& process) {
  if (process.pid <= 0 || process.start_ticks == 0 || process.pid_namespace == 0) return ProcessState::kUnknown;
  if (process.pid_namespace != OwnPidNamespace()) return ProcessState::kUnknown;
  int error = 0;
  const std::optional<ProcStat> stat = ReadStat(process.pid, &error);
  // It may also end between the opening and the reading.
  if (!stat) return error == ENOENT || error == ESRCH ? ProcessState::kDead : ProcessState::kUnknown;
  if (stat->start_ticks != process.start_ticks) return ProcessState::kDead;
  switch (stat->state) {
    case 'T':
    case 't':
      return ProcessState::kStopped;
    case 'Z':
    case 'X':
    case 'x':
      return ProcessState::kDead;
    default:
      return ProcessState::kAlive;
  }
}

}  // namespace tutti
