// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/progress.h"

#include <unistd.h>

#include <cstdio>

namespace tutti::bench {

Progress::Progress(bool active, int steps)
    : active_(active && ::isatty(STDERR_FILENO) != 0), steps_(steps), started_(std::chrono::steady_clock::now()) {}

void Progress::Begin(const std::string& step) {
  ++step_;
  const auto passed =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started_).count();
  if (!active_ || passed < 1) return;
  std::fflush(stdout);  // both may be the same terminal
  std::fprintf(stderr, "\r\033[K# %d of %d, after %lld s: %s", step_, steps_, static_cast<long long>(passed),
               step.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void Progress::Clear() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace tutti::bench
