// SPDX-License-Identifier: Apache-2.0
// Messages to people: one line each, on stderr, that says which rank speaks.
//
//   tutti [rank 3 nodeA:4711] warn: no bytes from rank 2 for 1.5 s; still waiting
//
// It never throws, exits or fails: a line that cannot be written is lost. Data paths do not log. All calls: any thread.
#ifndef TUTTI_LIB_BASE_LOG_H_
#define TUTTI_LIB_BASE_LOG_H_

#include <atomic>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tutti {

enum class LogLevel : int {
  kOff = 0,  // only for SetLogLevel
  kError = 1,
  kWarn = 2,
  kInfo = 3,
  kDebug = 4,
};

// Messages above `level` are dropped. Initially kWarn.
void SetLogLevel(LogLevel level);

bool LogEnabled(LogLevel level);

// Who speaks, for the rest of the process. Until it is called, lines carry only the process id. A process that holds
// several ranks calls it with the one it wants to be known by. A host name longer than 64 bytes is cut.
void SetLogIdentity(int32_t rank, absl::string_view host) noexcept;

// Writes one line with a single write(2), whatever the level set. Control characters become spaces; a message of more
// than about 4000 bytes is cut, so that lines of several processes on one pipe do not mix.
void Log(LogLevel level, absl::string_view message) noexcept;

// Where lines go instead of stderr (tests, a framework's own log). `line` ends without a newline and is valid during
// the call. Calls come one at a time; the sink must not log. When SetLogSink returns, the former sink is no longer
// called. nullptr: stderr.
using LogSink = void (*)(void* context, LogLevel level, absl::string_view line);
void SetLogSink(LogSink sink, void* context) noexcept;

// Lets one message through per interval, for what may happen thousands of times a second.
class LogLimiter {
 public:
  explicit constexpr LogLimiter(int64_t interval_ns) : interval_ns_(interval_ns) {}

  // True if the message may be written at `now_ns` (a monotonic clock's); then `suppressed` is how many were held back
  // since the last one that was not.
  bool Allow(int64_t now_ns, uint64_t* suppressed);

 private:
  const int64_t interval_ns_;
  std::atomic<int64_t> next_ns_{INT64_MIN};
  std::atomic<uint64_t> held_back_{0};
};

}  // namespace tutti

// TUTTI_LOG(kWarn, "rank ", rank, " is late by ", late_us, " us"): the arguments are those of absl::StrCat, and are
// evaluated only if the level is enabled.
#define TUTTI_LOG(level, ...)                                              \
  do {                                                                     \
    if (::tutti::LogEnabled(::tutti::LogLevel::level)) {                   \
      ::tutti::Log(::tutti::LogLevel::level, ::absl::StrCat(__VA_ARGS__)); \
    }                                                                      \
  } while (false)

#endif  // TUTTI_LIB_BASE_LOG_H_
