// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/memory_layout.h"

#include "absl/strings/str_cat.h"

#include "collectives/check/rule.h"

namespace tutti::check {
namespace {

constexpr uint64_t kMaxElements = uint64_t{1} << 61;

// Written down apart from shape.cc, so that a mistake there is noticed.
bool OnlyRootHasInput(Collective collective) {
  return collective == Collective::kBroadcast || collective == Collective::kScatter;
}
bool OnlyRootHasOutput(Collective collective) {
  return collective == Collective::kReduce || collective == Collective::kGather;
}
bool InputHasBlocks(Collective collective) {
  return collective == Collective::kReduceScatter || collective == Collective::kAllToAll ||
         collective == Collective::kScatter;
}
bool OutputHasBlocks(Collective collective) {
  return collective == Collective::kAllGather || collective == Collective::kAllToAll ||
         collective == Collective::kGather;
}

uint64_t InputSize(const Shape& shape, int rank) {
  if (shape.collective == Collective::kBarrier) return 0;
  if (OnlyRootHasInput(shape.collective) && rank != shape.root) return 0;
  return InputHasBlocks(shape.collective) ? shape.count * static_cast<uint64_t>(shape.num_ranks) : shape.count;
}

uint64_t OutputSize(const Shape& shape, int rank) {
  if (shape.collective == Collective::kBarrier) return 0;
  if (OnlyRootHasOutput(shape.collective) && rank != shape.root) return 0;
  return OutputHasBlocks(shape.collective) ? shape.count * static_cast<uint64_t>(shape.num_ranks) : shape.count;
}

}  // namespace

absl::Status CheckShape(const Shape& shape) {
  if (static_cast<int>(shape.collective) >= kNumCollectives) {
    return Violation(Rule::kShape, "collective ", static_cast<int>(shape.collective), " does not exist");
  }
  if (shape.num_ranks < 1) return Violation(Rule::kShape, "num_ranks is ", shape.num_ranks, ", expected at least 1");
  if (shape.root < 0 || shape.root >= shape.num_ranks) {
    return Violation(Rule::kShape, "root ", shape.root, " is not one of the ", shape.num_ranks, " ranks");
  }
  if (shape.element_bytes != 1 && shape.element_bytes != 2 && shape.element_bytes != 4 && shape.element_bytes != 8) {
    return Violation(Rule::kShape, "element_bytes is ", shape.element_bytes, ", expected 1, 2, 4 or 8");
  }
  if (shape.count > kMaxElements / static_cast<uint64_t>(shape.num_ranks)) {
    return Violation(Rule::kShape, "count ", shape.count, " for ", shape.num_ranks,
                     " ranks is more than memory can hold");
  }
  return absl::OkStatus();
}

MemoryLayout::MemoryLayout(const Shape& shape, int rank, uint64_t scratch_elements) {
  const uint64_t input_size = InputSize(shape, rank);
  const uint64_t output_size = OutputSize(shape, rank);
  const uint64_t block =
      shape.count * static_cast<uint64_t>(rank);  // where this rank's block lies in the larger buffer
  uint64_t input_begin = 0;
  uint64_t output_begin = input_size;
  if (shape.in_place && input_size > 0 && output_size > 0) {
    const bool input_has_blocks = InputHasBlocks(shape.collective),
               output_has_blocks = OutputHasBlocks(shape.collective);
    input_begin = output_has_blocks && !input_has_blocks ? block : 0;
    output_begin = input_has_blocks && !output_has_blocks ? block : 0;
  }
  const AddressRange input{input_begin, input_begin + input_size};
  const AddressRange output{output_begin, output_begin + output_size};
  const uint64_t end = input.end > output.end ? input.end : output.end;
  buffers_[static_cast<size_t>(Buffer::kInput)] = input;
  buffers_[static_cast<size_t>(Buffer::kOutput)] = output;
  buffers_[static_cast<size_t>(Buffer::kScratch)] = {end, end + scratch_elements};
}

bool MemoryLayout::Holds(const Region& region) const {
  const uint64_t size = buffer(region.buffer).size();
  return region.offset <= size && region.count <= size - region.offset;
}

AddressRange MemoryLayout::AddressesOf(const Region& region) const {
  const uint64_t begin = buffer(region.buffer).begin + region.offset;
  return {begin, begin + region.count};
}

std::string MemoryLayout::Describe(const AddressRange& range) const {
  static constexpr struct {
    Buffer buffer;
    const char* name;
  } kNames[] = {{Buffer::kOutput, "output"}, {Buffer::kScratch, "scratch"}, {Buffer::kInput, "input"}};
  for (const auto& candidate : kNames) {
    const AddressRange& whole = buffer(candidate.buffer);
    if (!whole.Contains(range)) continue;
    return absl::StrCat(candidate.name, "[", range.begin - whole.begin, "..", range.end - whole.begin, ")");
  }
  return absl::StrCat("addresses [", range.begin, "..", range.end, ")");
}

}  // namespace tutti::check
