// SPDX-License-Identifier: Apache-2.0
#include "lib/base/log.h"

#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>

#include "lib/base/clock.h"

namespace tutti {
namespace {

// A write of this length to a pipe is not mixed with others.
constexpr size_t kMaxLineBytes = PIPE_BUF;
constexpr size_t kMaxHostBytes = 64;

std::atomic<int> g_level{static_cast<int>(LogLevel::kWarn)};

struct LogState {
  std::mutex mutex;
  int32_t rank = -1;
  char host[kMaxHostBytes] = {};
  size_t host_bytes = 0;
  LogSink sink = nullptr;
  void* sink_context = nullptr;
};

// Never destroyed, so that a thread may log while the process exits. Reachable, so no leak.
LogState& State() {
  static LogState& state = *new LogState;
  return state;
}

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kOff:
      break;
    case LogLevel::kError:
      return "error";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kDebug:
      return "debug";
  }
  return "note";
}

// A line under construction; what does not fit is dropped. One byte is kept for the newline.
struct Line {
  char bytes[kMaxLineBytes];
  size_t size = 0;

  void Append(absl::string_view text) {
    const size_t room = kMaxLineBytes - 1 - size;
    for (char c : text.substr(0, room)) {
      // A message may quote bytes of a peer: those must not forge lines or drive a terminal.
      const unsigned char byte = static_cast<unsigned char>(c);
      bytes[size++] = byte < 0x20 || byte == 0x7f ? ' ' : c;
    }
  }
};

void WriteLine(const char* bytes, size_t size) {
  // A signal before the first byte is the one case to repeat. A part written to a full terminal or file is let be: a
  // second write could land inside another process's line.
  while (::write(STDERR_FILENO, bytes, size) < 0 && errno == EINTR) {
  }
}

}  // namespace

void SetLogLevel(LogLevel level) { g_level.store(static_cast<int>(level), std::memory_order_relaxed); }

bool LogEnabled(LogLevel level) { return static_cast<int>(level) <= g_level.load(std::memory_order_relaxed); }

void SetLogIdentity(int32_t rank, absl::string_view host) noexcept {
  LogState& state = State();
  std::lock_guard<std::mutex> lock(state.mutex);
  state.rank = rank;
  state.host_bytes = host.size() < kMaxHostBytes ? host.size() : kMaxHostBytes;
  std::memcpy(state.host, host.data(), state.host_bytes);
}

void SetLogSink(LogSink sink, void* context) noexcept {
  LogState& state = State();
  std::lock_guard<std::mutex> lock(state.mutex);
  state.sink = sink;
  state.sink_context = context;
}

void Log(LogLevel level, absl::string_view message) noexcept {
  const int saved_errno = errno;
  LogState& state = State();
  Line line;
  {
    std::lock_guard<std::mutex> lock(state.mutex);
    line.Append("tutti [");
    if (state.rank >= 0) {
      line.Append("rank ");
      line.Append(absl::AlphaNum(state.rank).Piece());
      line.Append(" ");
      line.Append(absl::string_view(state.host, state.host_bytes));
      line.Append(":");
    } else {
      line.Append("pid ");
    }
    line.Append(absl::AlphaNum(::getpid()).Piece());
    line.Append("] ");
    line.Append(LevelName(level));
    line.Append(": ");
    line.Append(message);
    if (state.sink != nullptr) {
      state.sink(state.sink_context, level, absl::string_view(line.bytes, line.size));
      errno = saved_errno;
      return;
    }
  }
  line.bytes[line.size++] = '\n';
  WriteLine(line.bytes, line.size);
  errno = saved_errno;
}

bool LogLimiter::Allow(int64_t now_ns, uint64_t* suppressed) {
  int64_t next_ns = next_ns_.load(std::memory_order_relaxed);
  // Of several threads that come at once, one gets through.
  const int64_t then_ns = DeadlineAfterNs(now_ns, interval_ns_);
  if (now_ns < next_ns || !next_ns_.compare_exchange_strong(next_ns, then_ns, std::memory_order_relaxed)) {
    held_back_.fetch_add(1, std::memory_order_relaxed);
    *suppressed = 0;
    return false;
  }
  *suppressed = held_back_.exchange(0, std::memory_order_relaxed);
  return true;
}

}  // namespace tutti
