// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/codec_gate.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "lib/codec/registry.h"

namespace tutti {
namespace {

constexpr absl::string_view kPrefix = "auto:";

// By bytes, fewest first; of equal ones the quicker first.
constexpr const char* kByBytes[] = {"int4", "fp8_e4m3", "int8", "bf16", "f16", "lossless"};
constexpr const char* kQuick[] = {"bf16", "f16"};

bool KeepsTo(const char* name, double max_error) {
  const auto codec = MakeCodec(name);
  if (!codec.ok()) return false;
  const ErrorBound bound = (*codec)->error_bound();
  return bound.of_value + bound.of_largest <= max_error;
}

}  // namespace

bool IsAutoCodec(absl::string_view text) { return text == "auto" || absl::StartsWith(text, kPrefix); }

absl::StatusOr<double> ParseAutoCodec(absl::string_view text) {
  double error = 0;
  if (!absl::StartsWith(text, kPrefix) || !absl::SimpleAtod(text.substr(kPrefix.size()), &error) ||
      !(error >= 0 && error <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" does not say which error is allowed; write auto:E, where E is from 0 to 1, like auto:0.01"));
  }
  return error;
}

std::vector<std::string> GateCandidates(double max_error) {
  std::vector<std::string> candidates;
  const auto add = [&](const char* name) {
    if (!KeepsTo(name, max_error)) return false;
    if (std::find(candidates.begin(), candidates.end(), name) == candidates.end()) candidates.emplace_back(name);
    return true;
  };
  (void)std::any_of(std::begin(kByBytes), std::end(kByBytes), add);
  (void)std::any_of(std::begin(kQuick), std::end(kQuick), add);
  return candidates;
}

int CodecGate::ChooseAt(size_t size) const {
  int best = -1;
  double least = kMustWin * static_cast<double>(TimeNs(size, 0));
  for (size_t c = 0; c < candidates_.size(); ++c) {
    const auto time = static_cast<double>(TimeNs(size, c + 1));
    if (time >= least) continue;
    least = time;
    best = static_cast<int>(c);
  }
  return best;
}

int CodecGate::Choose(uint64_t bytes) const {
  if (bytes < kLeastBytes) return -1;
  size_t size = 0;
  // The border between two sizes is their geometric mean.
  while (size + 1 < kBytes.size() && static_cast<double>(bytes) * static_cast<double>(bytes) >=
                                         static_cast<double>(kBytes[size]) * static_cast<double>(kBytes[size + 1])) {
    ++size;
  }
  return ChooseAt(size);
}

std::string CodecGate::Explain() const {
  std::string text = absl::StrCat(text_, ": ");
  for (size_t size = 0; size < kBytes.size(); ++size) {
    const int choice = ChooseAt(size);
    absl::StrAppend(&text, size > 0 ? "; " : "", kBytes[size],
                    size + 1 == kBytes.size() ? " bytes and more: " : " bytes: ",
                    choice < 0 ? "none" : candidates_[static_cast<size_t>(choice)], " (");
    for (size_t c = 0; c <= candidates_.size(); ++c) {
      absl::StrAppend(&text, c > 0 ? ", " : "", c == 0 ? "none" : candidates_[c - 1], " ",
                      absl::StrFormat("%.3g ms", static_cast<double>(TimeNs(size, c)) / 1e6));
    }
    absl::StrAppend(&text, ")");
  }
  return text;
}

}  // namespace tutti
