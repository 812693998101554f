// SPDX-License-Identifier: Apache-2.0
#include "collectives/schedule/window_program.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "collectives/schedule/builder.h"
#include "lib/base/align.h"

namespace tutti {

uint64_t WindowSegmentElements(const Shape& shape, uint64_t default_segment_bytes) {
  const uint64_t wanted_bytes = shape.segment_bytes != 0 ? shape.segment_bytes : default_segment_bytes;
  const uint64_t elements = std::max<uint64_t>(std::min(wanted_bytes, kWindowSlotBytes) / shape.element_bytes, 1);
  return std::max(elements, CeilDiv(shape.count, kMaxWindowSegments));
}

uint64_t LoweredSegmentElements(const Shape& shape, uint64_t default_segment_bytes) {
  // A segment costs a rank some 4 steps for each other rank.
  constexpr uint64_t kMaxSteps = 32768;
  const uint64_t max_segments = std::max<uint64_t>(kMaxSteps / (4 * static_cast<uint64_t>(shape.num_ranks)), 1);
  const uint64_t elements = WindowSegmentElements(shape, default_segment_bytes);
  if (CeilDiv(shape.count, elements) <= max_segments) return elements;
  return std::max(shape.segment_bytes / shape.element_bytes, CeilDiv(shape.count, max_segments));
}

void WindowProgramBuilder::Publish(uint32_t number, Region source, int only_reader) {
  WindowStep step;
  step.kind = WindowStepKind::kPublish;
  step.peer = only_reader;
  step.number = number;
  step.published = source.count;
  step.own = source;
  program_.steps.push_back(step);
}

void WindowProgramBuilder::Reduce(uint32_t number, uint64_t published, uint64_t offset, Region own, Region dst,
                                  bool completes) {
  WindowStep step;
  step.kind = WindowStepKind::kReduce;
  step.completes = completes;
  step.number = number;
  step.published = published;
  step.offset = offset;
  step.own = own;
  step.dst = dst;
  program_.steps.push_back(step);
}

void WindowProgramBuilder::Copy(uint32_t number, int peer, uint64_t published, uint64_t offset, Region dst) {
  WindowStep step;
  step.kind = WindowStepKind::kCopy;
  step.peer = peer;
  step.number = number;
  step.published = published;
  step.offset = offset;
  step.dst = dst;
  program_.steps.push_back(step);
}

void WindowProgramBuilder::Wait(uint32_t number, uint64_t published) {
  WindowStep step;
  step.kind = WindowStepKind::kWait;
  step.number = number;
  step.published = published;
  program_.steps.push_back(step);
}

void WindowProgramBuilder::Local(Region dst, Region source) {
  WindowStep step;
  step.kind = WindowStepKind::kLocal;
  step.own = source;
  step.dst = dst;
  program_.steps.push_back(step);
}

WindowProgram WindowProgramBuilder::Build() && {
  // From the end: a step's `done` is the lowest number that a later step still reads.
  uint32_t lowest = program_.num_publishes;
  for (auto step = program_.steps.rbegin(); step != program_.steps.rend(); ++step) {
    step->done = lowest;
    const bool reads = step->kind != WindowStepKind::kPublish && step->kind != WindowStepKind::kLocal;
    if (reads) lowest = std::min(lowest, step->number);
  }
  return std::move(program_);
}

std::string CheckWindowProgram(const WindowProgram& program, uint32_t element_bytes) {
  // The lowest number that is published in or after each step.
  std::vector<uint32_t> published_later(program.steps.size() + 1, program.num_publishes);
  for (size_t i = program.steps.size(); i-- > 0;) {
    const WindowStep& step = program.steps[i];
    published_later[i] =
        step.kind == WindowStepKind::kPublish ? std::min(published_later[i + 1], step.number) : published_later[i + 1];
  }
  uint32_t published_below = 0;  // own publishes so far are of numbers below this
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const WindowStep& step = program.steps[i];
    const auto broken = [&](const char* rule) { return absl::StrCat("step ", i, " of the window program ", rule); };
    if (step.kind == WindowStepKind::kLocal) continue;
    if (step.number >= program.num_publishes) return broken("uses a number beyond the last");
    if (step.published * element_bytes > kWindowSlotBytes) return broken("publishes more than a slot holds");
    if (step.kind == WindowStepKind::kPublish) {
      if (step.number < published_below) return broken("publishes out of order");
      published_below = step.number + 1;
      // Everything that could still be read from the slot must be behind this rank.
      const uint32_t done = i == 0 ? 0 : program.steps[i - 1].done;
      if (step.number >= kWindowSlots && done <= step.number - kWindowSlots) {
        return broken("overwrites a slot that this rank still reads");
      }
      continue;
    }
    if (step.kind != WindowStepKind::kWait && step.offset + step.dst.count > step.published) {
      return broken("reads beyond what was published");
    }
    // A rank that publishes a lower number later could be waited for in a circle.
    if (published_later[i] <= step.number) return broken("reads a number before this rank has published it");
  }
  return "";
}

Schedule LowerToSchedule(const WindowProgram& program, const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  // Where the message with that number of that rank lies.
  std::map<std::pair<uint32_t, int>, Region> received;
  const auto receive = [&](uint32_t number, int peer, uint64_t count) {
    const auto [entry, fresh] = received.try_emplace({number, peer});
    if (!fresh) return entry->second;
    entry->second = count > 0 ? builder.Scratch(count) : Region{Buffer::kScratch, 0, 0};
    builder.Recv(peer, entry->second);
    return entry->second;
  };
  const auto part = [](Region whole, uint64_t offset, uint64_t count) {
    return Region{whole.buffer, whole.offset + offset, count};
  };
  // Messages of a pair are numbered in the order of their steps, so receives must come in the order of the numbers.
  for (const WindowStep& step : program.steps) {
    switch (step.kind) {
      case WindowStepKind::kPublish:
        for (int distance = 1; distance < n; ++distance) {
          const int peer = (rank + distance) % n;
          if (step.peer < 0 || step.peer == peer) builder.Send(peer, step.own);
        }
        break;
      case WindowStepKind::kReduce: {
        std::vector<Region> sources(static_cast<size_t>(n));
        for (int distance = 0; distance < n; ++distance) {
          const int source = (rank + n - distance) % n;
          sources[static_cast<size_t>(source)] =
              distance == 0 ? step.own
                            : part(receive(step.number, source, step.published), step.offset, step.dst.count);
        }
        builder.Reduce(step.dst, sources,
                       step.completes ? ScheduleBuilder::Completes::kYes : ScheduleBuilder::Completes::kNo);
        break;
      }
      case WindowStepKind::kCopy:
        builder.Copy(step.dst, part(receive(step.number, step.peer, step.published), step.offset, step.dst.count));
        break;
      case WindowStepKind::kWait:
        for (int distance = 1; distance < n; ++distance)
          receive(step.number, (rank + n - distance) % n, step.published);
        break;
      case WindowStepKind::kLocal:
        builder.Copy(step.dst, step.own);
        break;
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti
