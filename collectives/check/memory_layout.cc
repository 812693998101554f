// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/memory_layout.h"

#include <algorithm>
#include <bit>
#include <vector>

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

uint64_t SizeOf(const BlockList& list) {
  uint64_t size = 0;
  for (size_t r = 0; r < list.counts.size(); ++r) size = std::max<uint64_t>(size, list.offsets[r] + list.counts[r]);
  return size;
}

uint64_t InputSize(const Shape& shape, int rank) {
  if (shape.collective == Collective::kBarrier) return 0;
  if (OnlyRootHasInput(shape.collective) && rank != shape.root) return 0;
  if (shape.uneven()) {
    const RankBlocks& blocks = shape.blocks[static_cast<size_t>(rank)];
    return InputHasBlocks(shape.collective) ? SizeOf(blocks.input) : blocks.own;
  }
  return InputHasBlocks(shape.collective) ? shape.count * static_cast<uint64_t>(shape.num_ranks) : shape.count;
}

uint64_t OutputSize(const Shape& shape, int rank) {
  if (shape.collective == Collective::kBarrier) return 0;
  if (OnlyRootHasOutput(shape.collective) && rank != shape.root) return 0;
  if (shape.uneven()) {
    const RankBlocks& blocks = shape.blocks[static_cast<size_t>(rank)];
    return OutputHasBlocks(shape.collective) ? SizeOf(blocks.output) : blocks.own;
  }
  return OutputHasBlocks(shape.collective) ? shape.count * static_cast<uint64_t>(shape.num_ranks) : shape.count;
}

// Of `rank`; `what` is "input" or "output".
absl::Status CheckList(const Shape& shape, int rank, const BlockList& list, const char* what) {
  const size_t n = static_cast<size_t>(shape.num_ranks);
  if (list.counts.size() != n || list.offsets.size() != n) {
    return Violation(Rule::kShape, "rank ", rank, "'s ", what, " has ", list.counts.size(), " counts and ",
                     list.offsets.size(), " offsets for ", n, " ranks");
  }
  std::vector<AddressRange> blocks;
  for (size_t r = 0; r < n; ++r) {
    if (list.counts[r] > kMaxElements / n || list.offsets[r] > kMaxElements / n) {
      return Violation(Rule::kShape, "rank ", rank, "'s ", what, " block ", r, " is more than memory can hold");
    }
    if (list.counts[r] > 0) blocks.push_back({list.offsets[r], list.offsets[r] + list.counts[r]});
  }
  std::sort(blocks.begin(), blocks.end(),
            [](const AddressRange& a, const AddressRange& b) { return a.begin < b.begin; });
  for (size_t i = 1; i < blocks.size(); ++i) {
    if (blocks[i - 1].Overlaps(blocks[i])) {
      return Violation(Rule::kShape, "rank ", rank, "'s ", what, " has overlapping blocks at element ",
                       blocks[i].begin);
    }
  }
  return absl::OkStatus();
}

// Every rank's table is there, has all that the collective needs, and tells the same of each block as its other end's.
absl::Status CheckBlocksOfAll(const Shape& shape) {
  const Collective collective = shape.collective;
  if (!InputHasBlocks(collective) && !OutputHasBlocks(collective)) {
    return Violation(Rule::kShape, CollectiveName(collective), " has no blocks, but the shape has");
  }
  if (shape.blocks.size() != static_cast<size_t>(shape.num_ranks)) {
    return Violation(Rule::kShape, shape.blocks.size(), " ranks' blocks for ", shape.num_ranks, " ranks");
  }
  for (int rank = 0; rank < shape.num_ranks; ++rank) {
    const RankBlocks& blocks = shape.blocks[static_cast<size_t>(rank)];
    const bool has_input = InputHasBlocks(collective) && (!OnlyRootHasInput(collective) || rank == shape.root);
    const bool has_output = OutputHasBlocks(collective) && (!OnlyRootHasOutput(collective) || rank == shape.root);
    absl::Status status;
    if (has_input) status = CheckList(shape, rank, blocks.input, "input");
    if (status.ok() && has_output) status = CheckList(shape, rank, blocks.output, "output");
    if (!status.ok()) return status;
  }
  for (int from = 0; from < shape.num_ranks; ++from) {
    for (int to = 0; to < shape.num_ranks; ++to) {
      const bool meet = collective == Collective::kGather    ? to == shape.root
                        : collective == Collective::kScatter ? from == shape.root
                                                             : true;
      if (!meet) continue;
      const RankBlocks& sender = shape.blocks[static_cast<size_t>(from)];
      const RankBlocks& receiver = shape.blocks[static_cast<size_t>(to)];
      const uint64_t sent = InputHasBlocks(collective) ? sender.input.counts[static_cast<size_t>(to)] : sender.own;
      const uint64_t received =
          OutputHasBlocks(collective) ? receiver.output.counts[static_cast<size_t>(from)] : receiver.own;
      if (sent != received) {
        return Violation(Rule::kShape, "rank ", from, " has ", sent, " elements for rank ", to, ", which expects ",
                         received);
      }
    }
  }
  return absl::OkStatus();
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
  // Of a type, or of an item of the application's operation.
  if (!std::has_single_bit(shape.element_bytes) || shape.element_bytes > 64) {
    return Violation(Rule::kShape, "element_bytes is ", shape.element_bytes, ", expected a power of two up to 64");
  }
  if (shape.count > kMaxElements / static_cast<uint64_t>(shape.num_ranks)) {
    return Violation(Rule::kShape, "count ", shape.count, " for ", shape.num_ranks,
                     " ranks is more than memory can hold");
  }
  return shape.uneven() ? CheckBlocksOfAll(shape) : absl::OkStatus();
}

MemoryLayout::MemoryLayout(const Shape& shape, int rank, uint64_t scratch_elements, uint64_t coded_elements) {
  const uint64_t input_size = InputSize(shape, rank);
  const uint64_t output_size = OutputSize(shape, rank);
  uint64_t input_begin = 0;
  uint64_t output_begin = input_size;
  if (shape.in_place && input_size > 0 && output_size > 0) {
    const bool input_has_blocks = InputHasBlocks(shape.collective),
               output_has_blocks = OutputHasBlocks(shape.collective);
    // Where this rank's block lies in the larger buffer.
    uint64_t block = shape.count * static_cast<uint64_t>(rank);
    if (shape.uneven()) {
      const RankBlocks& blocks = shape.blocks[static_cast<size_t>(rank)];
      block = (output_has_blocks ? blocks.output : blocks.input).offsets[static_cast<size_t>(rank)];
    }
    input_begin = output_has_blocks && !input_has_blocks ? block : 0;
    output_begin = input_has_blocks && !output_has_blocks ? block : 0;
  }
  const AddressRange input{input_begin, input_begin + input_size};
  const AddressRange output{output_begin, output_begin + output_size};
  const uint64_t end = input.end > output.end ? input.end : output.end;
  buffers_[static_cast<size_t>(Buffer::kInput)] = input;
  buffers_[static_cast<size_t>(Buffer::kOutput)] = output;
  buffers_[static_cast<size_t>(Buffer::kScratch)] = {end, end + scratch_elements};
  buffers_[static_cast<size_t>(Buffer::kCoded)] = {end + scratch_elements, end + scratch_elements + coded_elements};
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
  } kNames[] = {
      {Buffer::kOutput, "output"}, {Buffer::kScratch, "scratch"}, {Buffer::kCoded, "coded"}, {Buffer::kInput, "input"}};
  for (const auto& candidate : kNames) {
    const AddressRange& whole = buffer(candidate.buffer);
    if (!whole.Contains(range)) continue;
    return absl::StrCat(candidate.name, "[", range.begin - whole.begin, "..", range.end - whole.begin, ")");
  }
  return absl::StrCat("addresses [", range.begin, "..", range.end, ")");
}

}  // namespace tutti::check
