// SPDX-License-Identifier: Apache-2.0
// The reference interpreter: executes all ranks' schedules on real vectors, in a random legal order of events. Slow and
// plain on purpose: it is what the verifier and the engine are compared with.
//
// It is as unkind as the schedule's contract allows. A destination holds garbage from its step's begin to its end; a
// source is read partly at the begin and partly at the end; output and scratch start as garbage. A schedule with a race
// or a read of unwritten memory therefore gives wrong results for some seeds.
#ifndef TUTTI_COLLECTIVES_CHECK_INTERPRETER_H_
#define TUTTI_COLLECTIVES_CHECK_INTERPRETER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

#include "collectives/check/interleaving.h"
#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "lib/base/prng.h"

namespace tutti {

// What all ranks' buffers hold at the end, by rank.
template <typename Element>
struct Interpretation {
  std::vector<std::vector<Element>> inputs;
  std::vector<std::vector<Element>> outputs;
};

// Arithmetic is a type with
//   using Element = ...;
//   Element Combine(const Element& left, const Element& right) const;   // the kernel of two operands
//   Element CombineMany(absl::Span<const Element> operands) const;      // the kernel of many operands
//   Element Finish(const Element& sum) const;                           // what `completes` asks for
//   Element Garbage(Prng& prng) const;                                  // for memory that holds nothing
template <typename Arithmetic>
class Interpreter final : private InterleavingActions {
 public:
  using Element = typename Arithmetic::Element;

  // `inputs` by rank, each of InputElements(shape, rank). Errors: those of RunInterleaved, and InvalidArgument for a
  // region that does not lie in its buffer or has another length than its counterpart. Otherwise the result may be
  // wrong, but nothing else happens.
  static absl::StatusOr<Interpretation<Element>> Run(const Shape& shape, absl::Span<const Schedule> schedules,
                                                     const std::vector<std::vector<Element>>& inputs,
                                                     const Arithmetic& arithmetic, const InterleavingOptions& options) {
    Interpreter interpreter(schedules, arithmetic, options.seed);
    if (absl::Status s = interpreter.SetUp(shape, inputs); !s.ok()) return s;
    if (absl::Status s = RunInterleaved(schedules, options, interpreter); !s.ok()) return s;
    if (!interpreter.status_.ok()) return interpreter.status_;
    Interpretation<Element> result;
    for (const Rank& rank : interpreter.ranks_) {
      for (auto [buffer, to] :
           {std::pair{Buffer::kInput, &result.inputs}, std::pair{Buffer::kOutput, &result.outputs}}) {
        const auto begin = rank.memory.begin() + static_cast<std::ptrdiff_t>(rank.begins[static_cast<size_t>(buffer)]);
        to->emplace_back(begin, begin + static_cast<std::ptrdiff_t>(rank.sizes[static_cast<size_t>(buffer)]));
      }
    }
    return result;
  }

 private:
  struct Rank {
    std::vector<Element> memory;
    std::array<uint64_t, kNumBuffers> begins{};
    std::array<uint64_t, kNumBuffers> sizes{};
    std::vector<std::vector<std::vector<Element>>> operands;  // by step, by source: what was read so far
    std::vector<uint64_t> read_early;                         // by step: how many elements were read at its begin
  };

  Interpreter(absl::Span<const Schedule> schedules, const Arithmetic& arithmetic, uint64_t seed)
      : schedules_(schedules), arithmetic_(arithmetic), prng_(seed, /*stream=*/1) {}

  absl::Status SetUp(const Shape& shape, const std::vector<std::vector<Element>>& inputs) {
    if (schedules_.size() != static_cast<size_t>(shape.num_ranks) || inputs.size() != schedules_.size()) {
      return absl::InvalidArgumentError("one schedule and one input per rank are needed");
    }
    for (int r = 0; r < shape.num_ranks; ++r) {
      const auto index = static_cast<size_t>(r);
      const uint64_t input = InputElements(shape, r);
      const uint64_t output = OutputElements(shape, r);
      if (inputs[index].size() != input) return absl::InvalidArgumentError("an input has the wrong length");
      Rank rank;
      uint64_t input_begin = 0;
      uint64_t output_begin = input;
      if (shape.in_place && input > 0 && output > 0) {
        const int64_t offset = InputOffsetInOutput(shape, r);
        input_begin = offset > 0 ? static_cast<uint64_t>(offset) : 0;
        output_begin = offset < 0 ? static_cast<uint64_t>(-offset) : 0;
      }
      const uint64_t end = std::max(input_begin + input, output_begin + output);
      rank.begins = {input_begin, output_begin, end, end + schedules_[index].scratch_elements};
      const Schedule& schedule = schedules_[index];
      rank.sizes = {input, output, schedule.scratch_elements, schedule.coded_elements};
      for (uint64_t i = 0; i < end + rank.sizes[2] + rank.sizes[3]; ++i)
        rank.memory.push_back(arithmetic_.Garbage(prng_));
      std::copy(inputs[index].begin(), inputs[index].end(),
                rank.memory.begin() + static_cast<std::ptrdiff_t>(input_begin));
      rank.operands.resize(schedules_[index].steps.size());
      rank.read_early.resize(schedules_[index].steps.size());
      if (absl::Status s = CheckRegions(r, rank); !s.ok()) return s;
      ranks_.push_back(std::move(rank));
    }
    return absl::OkStatus();
  }

  absl::Status CheckRegions(int r, const Rank& rank) const {
    const Schedule& schedule = schedules_[static_cast<size_t>(r)];
    const auto fits = [&rank](const Region& region) {
      const auto buffer = static_cast<size_t>(region.buffer);
      return buffer < kNumBuffers && region.offset <= rank.sizes[buffer] &&
             region.count <= rank.sizes[buffer] - region.offset;
    };
    for (size_t i = 0; i < schedule.steps.size(); ++i) {
      const Step& step = schedule.steps[i];
      bool good = size_t{step.first_source} + step.num_sources <= schedule.sources.size();
      good = good && (step.kind == StepKind::kRecv) == (step.num_sources == 0);
      good = good && (step.kind == StepKind::kReduce || step.kind == StepKind::kDecodeReduce || step.num_sources <= 1);
      good = good && (step.kind != StepKind::kDecodeReduce || step.num_sources == 2);
      good = good && (step.kind == StepKind::kSend || fits(step.dst));
      for (uint32_t s = 0; good && s < step.num_sources; ++s) {
        const Region& source = schedule.sources[step.first_source + s];
        good = fits(source) && (step.kind == StepKind::kSend || source.count == step.dst.count);
      }
      if (!good) return absl::InvalidArgumentError(absl::StrCat("rank ", r, " step ", i, " is malformed"));
    }
    return absl::OkStatus();
  }

  Element* At(int r, const Region& region) {
    Rank& rank = ranks_[static_cast<size_t>(r)];
    return rank.memory.data() + rank.begins[static_cast<size_t>(region.buffer)] + region.offset;
  }

  void OnBegin(int r, uint32_t index) override {
    Rank& rank = ranks_[static_cast<size_t>(r)];
    const Schedule& schedule = schedules_[static_cast<size_t>(r)];
    const Step& step = schedule.steps[index];
    const auto sources = schedule.SourcesOf(step);
    bool in_place = false;
    for (const Region& source : sources) {
      rank.read_early[index] = prng_.Below(source.count + 1);
      const Element* from = At(r, source);
      rank.operands[index].emplace_back(from, from + source.count);
      if (step.kind != StepKind::kSend && from == At(r, step.dst)) in_place = true;
    }
    // Garbage that a step of its own could not leave behind would be unfair to one that works in place.
    if (step.kind == StepKind::kSend || in_place) return;
    Element* dst = At(r, step.dst);
    for (uint64_t i = 0; i < step.dst.count; ++i) dst[i] = arithmetic_.Garbage(prng_);
  }

  // Reads what was not read at the begin. A destination that overlaps its source has spoilt it by now.
  void ReadTheRest(int r, uint32_t index) {
    Rank& rank = ranks_[static_cast<size_t>(r)];
    const Schedule& schedule = schedules_[static_cast<size_t>(r)];
    const auto sources = schedule.SourcesOf(schedule.steps[index]);
    for (size_t s = 0; s < sources.size(); ++s) {
      const Element* from = At(r, sources[s]);
      for (uint64_t i = rank.read_early[index]; i < sources[s].count; ++i) rank.operands[index][s][i] = from[i];
    }
  }

  void OnSent(int sender, uint32_t send) override { ReadTheRest(sender, send); }

  void OnEnd(int r, uint32_t index, int sender, uint32_t send) override {
    const Step& step = schedules_[static_cast<size_t>(r)].steps[index];
    if (step.kind == StepKind::kSend) return;
    ReadTheRest(r, index);
    const auto& own = ranks_[static_cast<size_t>(r)].operands[index];
    const std::vector<Element>* message =
        sender >= 0 ? &ranks_[static_cast<size_t>(sender)].operands[send][0] : nullptr;
    if (message != nullptr && message->size() != step.dst.count) {
      status_ =
          absl::InvalidArgumentError(absl::StrCat("rank ", r, " step ", index, " gets a message of another length"));
      return;
    }
    Element* dst = At(r, step.dst);
    std::vector<Element> column(own.size());
    for (uint64_t i = 0; i < step.dst.count; ++i) {
      switch (step.kind) {
        case StepKind::kSend:
          break;
        case StepKind::kRecv:
          dst[i] = (*message)[i];
          break;
        case StepKind::kRecvReduce:
          dst[i] = step.message_first ? arithmetic_.Combine((*message)[i], own[0][i])
                                      : arithmetic_.Combine(own[0][i], (*message)[i]);
          break;
        case StepKind::kReduce:
          for (size_t s = 0; s < own.size(); ++s) column[s] = own[s][i];
          dst[i] = arithmetic_.CombineMany(column);
          break;
        case StepKind::kCopy:
        case StepKind::kEncode:  // codes that lose nothing
        case StepKind::kDecode:
          dst[i] = own[0][i];
          break;
        case StepKind::kDecodeReduce:
          dst[i] = arithmetic_.Combine(own[0][i], own[1][i]);
          break;
      }
      if (step.completes) dst[i] = arithmetic_.Finish(dst[i]);
    }
  }

  absl::Span<const Schedule> schedules_;
  const Arithmetic& arithmetic_;
  Prng prng_;
  std::vector<Rank> ranks_;
  absl::Status status_;
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_CHECK_INTERPRETER_H_
