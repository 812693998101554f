// SPDX-License-Identifier: Apache-2.0
// The communicator measures what codecs cost and gain on its own paths, by all-reduces with and without them, and all ranks
// agree on the times. So the choice that follows from them is the same everywhere.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "lib/base/prng.h"
#include "lib/comm/codec_gate.h"
#include "lib/comm/communicator.h"
#include "lib/comm/job.h"

namespace tutti {
namespace {

constexpr int kTimes = 3;  // after one that warms up

// Sums of a few uniform numbers: nearly normal, as gradients are, so that codecs find what they would find there.
std::vector<float> CalibrationData(uint64_t count, int rank) {
  Prng prng(17, static_cast<uint64_t>(rank));
  std::vector<float> data(count);
  for (float& value : data) {
    int64_t sum = 0;
    for (int i = 0; i < 4; ++i) sum += prng.Between(-100'000, 100'000);
    value = static_cast<float>(sum) * 1e-7f;
  }
  return data;
}

}  // namespace

absl::StatusOr<int64_t> Communicator::MeasureAllReduce(const CollectiveCall& call) {
  std::vector<int64_t> times_ns;
  for (int i = 0; i <= kTimes; ++i) {
    const int64_t begin_ns = job_->clock().NowNs();
    if (absl::Status s = RunAndWait(call); !s.ok()) return s;
    if (i > 0) times_ns.push_back(job_->clock().NowNs() - begin_ns);
  }
  std::nth_element(times_ns.begin(), times_ns.begin() + kTimes / 2, times_ns.end());
  return times_ns[kTimes / 2];
}

absl::Status Communicator::CalibrateGate(absl::string_view text) {
  const absl::StatusOr<double> max_error = ParseAutoCodec(text);
  if (!max_error.ok()) return max_error.status();
  auto gate = std::make_unique<CodecGate>(std::string(text), GateCandidates(*max_error));
  gate_codecs_.clear();
  for (const std::string& name : gate->candidates()) {
    absl::StatusOr<CommCodec*> codec = codecs_.Find(name);
    if (!codec.ok()) return codec.status();
    gate_codecs_.push_back(*codec);
  }
  const std::vector<float> data = CalibrationData(CodecGate::kBytes.back() / sizeof(float), rank_);
  std::vector<float> result(data.size());
  for (size_t size = 0; size < CodecGate::kBytes.size(); ++size) {
    for (size_t c = 0; c <= gate_codecs_.size(); ++c) {
      const absl::StatusOr<int64_t> time_ns = MeasureAllReduce({.collective = Collective::kAllReduce,
                                                                .send = data.data(),
                                                                .recv = result.data(),
                                                                .count = CodecGate::kBytes[size] / sizeof(float),
                                                                .type = DataType::kFloat32,
                                                                .codec = c == 0 ? nullptr : gate_codecs_[c - 1]});
      if (!time_ns.ok()) return time_ns.status();
      gate->TimeNs(size, c) = *time_ns;
    }
  }
  // An operation takes as long as on its slowest rank.
  std::vector<int64_t> own = gate->times_ns();
  const absl::Status agreed = RunAndWait({.collective = Collective::kAllReduce,
                                          .send = own.data(),
                                          .recv = gate->times_ns().data(),
                                          .count = own.size(),
                                          .type = DataType::kInt64,
                                          .op = ReduceOp::kMax});
  if (!agreed.ok()) return agreed;
  TUTTI_LOG(kInfo, "codecs on communicator ", channel_, ": ", gate->Explain());
  gate_ = std::move(gate);
  return absl::OkStatus();
}

CommCodec* Communicator::GateChoice(uint64_t bytes) const {
  const int choice = gate_->Choose(bytes);
  return choice < 0 ? nullptr : gate_codecs_[static_cast<size_t>(choice)];
}

}  // namespace tutti
