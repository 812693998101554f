// SPDX-License-Identifier: Apache-2.0
#include "lib/base/raw_clock.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "lib/base/counter.h"
#include "lib/base/tick_scale.h"
#include "lib/base/unique_fd.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tutti {
namespace {

int64_t KernelRawNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<int64_t>(now.tv_sec) * kNsPerSecond + now.tv_nsec;
}

#if defined(__x86_64__)

bool CounterIsInvariant() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0;
}

#else

bool CounterIsInvariant() { return false; }

#endif

// The kernel keeps time by the counter only where it has found the counters of all cores to agree.
std::string KernelClockSource() {
  const UniqueFd fd(open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC));
  char text[64] = "";
  const ssize_t bytes = fd.valid() ? read(fd.get(), text, sizeof text) : -1;
  if (bytes <= 0) return "";
  return std::string(absl::StripAsciiWhitespace(absl::string_view(text, static_cast<size_t>(bytes))));
}

TickScale::Sample TakeSample() {
  TickScale::Sample best;
  best.uncertain_ticks = ~uint64_t{0};
  for (int i = 0; i < 4; ++i) {
    const uint64_t before = ReadCounter();
    const int64_t reference_ns = KernelRawNs();
    const uint64_t width = ReadCounter() - before;
    if (width / 2 >= best.uncertain_ticks) continue;
    best = {before + width / 2, width / 2, reference_ns};
  }
  return best;
}

class HostRawClock final : public Clock {
 public:
  HostRawClock() {
    const std::string source = KernelClockSource();
    if (!CounterIsInvariant()) {
      why_not_ = "the processor has no invariant time stamp counter";
    } else if (source != "tsc" && source != "kvm-clock" && source != "hyperv_clocksource_tsc_page") {
      why_not_ = absl::StrCat("the kernel keeps time by \"", source, "\"");
    } else if (!Calibrate()) {
      why_not_ = "the time stamp counter does not run";
    } else {
      trusted_.store(true, std::memory_order_relaxed);
    }
  }

  int64_t NowNs() override {
    if (!trusted_.load(std::memory_order_relaxed)) return KernelRawNs();
    uint64_t ticks = ReadCounter();
    if (scale_.WantsCorrection(ticks)) [[unlikely]] {
      Correct();
      if (!trusted_.load(std::memory_order_relaxed)) return KernelRawNs();
      ticks = ReadCounter();
    }
    return scale_.NsAt(ticks);
  }

  TickLine Line() const override { return trusted_.load(std::memory_order_relaxed) ? scale_.line() : TickLine(); }

  RawClockInfo Describe() const {
    RawClockInfo info;
    info.reads_counter = trusted_.load(std::memory_order_relaxed);
    info.counter_hz = scale_.ticks_per_second();
    info.worst_error_ns = scale_.worst_error_ns();
    if (!info.reads_counter) {
      info.why_not =
          why_not_.empty() ? "the time stamp counter did not run evenly (a virtual machine that was moved?)" : why_not_;
    }
    return info;
  }

 private:
  bool Calibrate() {
    const TickScale::Sample first = TakeSample();
    while (KernelRawNs() - first.reference_ns < 200 * kNsPerUs) {
    }
    return scale_.Start(first, TakeSample());
  }

  // Whoever comes while another thread corrects goes on with what was known before.
  void Correct() {
    if (correcting_.exchange(true, std::memory_order_acquire)) return;
    if (!scale_.Correct(TakeSample())) trusted_.store(false, std::memory_order_relaxed);
    correcting_.store(false, std::memory_order_release);
  }

  TickScale scale_;
  std::atomic<bool> trusted_{false};
  std::atomic<bool> correcting_{false};
  std::string why_not_;
};

HostRawClock& TheRawClock() {
  static HostRawClock& clock = *new HostRawClock;  // never destroyed: a late thread may still ask
  return clock;
}

}  // namespace

Clock& RawClock() { return TheRawClock(); }

RawClockInfo DescribeRawClock() { return TheRawClock().Describe(); }

}  // namespace tutti
