// SPDX-License-Identifier: Apache-2.0
// Which codec an all_reduce uses, by its size, where the user leaves that to the library ("auto:0.01"): what was measured,
// and the choice. Pure: who measures, and how the ranks agree on the times, is the communicator's business.
#ifndef TUTTI_LIB_COMM_CODEC_GATE_H_
#define TUTTI_LIB_COMM_CODEC_GATE_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti {

// "auto:0.01": codecs whose error is at most this part of the largest value of a block; 0 allows lossless ones only.
bool IsAutoCodec(absl::string_view text);
absl::StatusOr<double> ParseAutoCodec(absl::string_view text);

// Codecs that keep to the error: the one with the fewest bytes, and a quicker one if there is one. Names of the registry.
std::vector<std::string> GateCandidates(double max_error);

class CodecGate {
 public:
  // Sizes that are measured; each stands for those around it, by ratio, and the last one for all above.
  static constexpr std::array<uint64_t, 3> kBytes = {32 << 10, 256 << 10, 2 << 20};
  // Vectors below this are never encoded: there is nothing to gain.
  static constexpr uint64_t kLeastBytes = 8 << 10;
  // What a codec must take at most, of the time without. Bits that are lost for good want more than a little for it; and where ranks
  // outnumber the cores, a codec has seemed to take 0.73 of the time at one moment, and taken 1.3 of it at the next.
  static constexpr double kMustWin = 0.7;

  CodecGate(std::string text, std::vector<std::string> candidates)
      : text_(std::move(text)),
        candidates_(std::move(candidates)),
        times_ns_(kBytes.size() * (candidates_.size() + 1)) {}

  const std::string& text() const { return text_; }
  const std::vector<std::string>& candidates() const { return candidates_; }

  // By size, then by candidate, the first of which is none: to be measured, and then to be agreed on by all ranks.
  std::vector<int64_t>& times_ns() { return times_ns_; }
  int64_t& TimeNs(size_t size, size_t candidate) { return times_ns_[size * (candidates_.size() + 1) + candidate]; }
  int64_t TimeNs(size_t size, size_t candidate) const { return times_ns_[size * (candidates_.size() + 1) + candidate]; }

  // Place in candidates() of the codec for a vector of that many bytes, or -1: none pays.
  int Choose(uint64_t bytes) const;

  // "auto:0.01: 32768 bytes: none (none 0.1 ms, int8 0.3 ms); ..."
  std::string Explain() const;

 private:
  int ChooseAt(size_t size) const;

  std::string text_;
  std::vector<std::string> candidates_;
  std::vector<int64_t> times_ns_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_CODEC_GATE_H_
