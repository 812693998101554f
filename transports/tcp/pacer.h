// SPDX-License-Identifier: Apache-2.0
// A token bucket: how much may be written to all peers together, so that a fast network can stand in for a slow one. What
// is written may exceed what is there; then nothing is written until the debt is paid, so the mean is exact.
#ifndef TUTTI_TRANSPORTS_TCP_PACER_H_
#define TUTTI_TRANSPORTS_TCP_PACER_H_

#include <algorithm>
#include <cstdint>

namespace tutti::tcp {

class Pacer {
 public:
  // 0: no limit. While nothing is to be written, at most kBurstNs' worth of tokens is saved up; where something waits, but the
  // process was kept from running, kLateNs': a network device would have gone on.
  explicit Pacer(uint64_t bytes_per_s) : bytes_per_ns_(static_cast<double>(bytes_per_s) / 1e9) {}

  bool limits() const { return bytes_per_ns_ > 0; }

  // Whether something may be written at this time. waited: something has had to wait since the last call.
  bool MayWrite(int64_t now_ns, bool waited) {
    const double most = (waited ? kLateNs : kBurstNs) * bytes_per_ns_;
    if (last_ns_ != kNever) {
      const double more = static_cast<double>(now_ns - last_ns_) * bytes_per_ns_;
      tokens_ = std::max(tokens_, std::min(tokens_ + more, most));
    }
    last_ns_ = now_ns;
    return tokens_ >= 0;
  }
  // How much to write at once: so little that small messages pass in time, and not so little that only system calls count.
  uint64_t burst_bytes() const { return static_cast<uint64_t>(std::max(16384.0, 2e5 * bytes_per_ns_)); }
  void Wrote(uint64_t bytes) { tokens_ -= static_cast<double>(bytes); }

  // When MayWrite will be true again, after it was false.
  int64_t ReadyNs() const { return last_ns_ + static_cast<int64_t>(-tokens_ / bytes_per_ns_) + 1; }

 private:
  static constexpr int64_t kNever = INT64_MIN;
  static constexpr double kBurstNs = 1e6;
  static constexpr double kLateNs = 2e8;

  double bytes_per_ns_;
  double tokens_ = 0;
  int64_t last_ns_ = kNever;
};

}  // namespace tutti::tcp

#endif  // TUTTI_TRANSPORTS_TCP_PACER_H_
