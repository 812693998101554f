// SPDX-License-Identifier: Apache-2.0
// Saved: "TCS1", version 1 (4), the codec's fingerprint (8), number of tensors (8); then for each of them key (8), type
// (8), elements (8), length (8) and the state's own bytes.
#include "lib/codec/state_table.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "lib/codec/byte_records.h"

namespace tutti {
namespace {

constexpr SavedMark kMark = {{'T', 'C', 'S', '1'}, 1};

struct TableHeader {
  uint64_t fingerprint;
  uint64_t num_tensors;
};
static_assert(sizeof(TableHeader) == 16);

struct EntryHeader {
  uint64_t tensor;
  uint64_t dtype;
  uint64_t count;
  uint64_t bytes;
};
static_assert(sizeof(EntryHeader) == 32);

absl::Status Bad(const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("saved codec states: ", why));
}

}  // namespace

tutti_status_t StateTable::Get(uint64_t tensor, DataType dtype, size_t count, CodecState** state) {
  *state = nullptr;
  const auto found = entries_.find(tensor);
  if (found != entries_.end()) {
    if (found->second.dtype != dtype || found->second.count != count) return TUTTI_ERR_INVALID_ARGUMENT;
    *state = found->second.state.get();
    return TUTTI_OK;
  }
  Entry entry{dtype, count, nullptr};
  const tutti_status_t status = codec_->CreateState(tensor, dtype, count, &entry.state);
  if (status != TUTTI_OK) return status;
  if (entry.state == nullptr) return TUTTI_OK;
  *state = entry.state.get();
  entries_.emplace(tensor, std::move(entry));
  return TUTTI_OK;
}

std::vector<uint8_t> StateTable::Save() const {
  std::vector<uint8_t> saved;
  AppendRecord(&saved, kMark);
  AppendRecord(&saved, TableHeader{codec_->identity().Fingerprint(), entries_.size()});
  for (const auto& [tensor, entry] : entries_) {
    const std::vector<uint8_t> state = entry.state->Save();
    AppendRecord(&saved, EntryHeader{tensor, static_cast<uint64_t>(entry.dtype), entry.count, state.size()});
    AppendBytes(&saved, state.data(), state.size());
  }
  return saved;
}

absl::Status StateTable::Restore(std::span<const uint8_t> saved) {
  TableHeader header;
  if (!TakeMark(&saved, kMark) || !TakeRecord(&saved, &header)) {
    return Bad("these bytes were not saved by this version of tutti");
  }
  if (header.fingerprint != codec_->identity().Fingerprint()) {
    return Bad(
        absl::StrCat("they are of another codec than ", codec_->identity().ToString(), ", or of other parameters"));
  }
  std::map<uint64_t, Entry> restored;
  for (uint64_t i = 0; i < header.num_tensors; ++i) {
    EntryHeader record;
    if (!TakeRecord(&saved, &record) || record.bytes > saved.size()) return Bad("they are cut off");
    if (record.dtype >= kNumDataTypes) return Bad("a tensor's type is unknown");
    Entry entry{static_cast<DataType>(record.dtype), record.count, nullptr};
    if (record.bytes < codec_->LeastSavedBytes(entry.dtype, entry.count)) return Bad("a tensor's state is too short");
    if (codec_->CreateState(record.tensor, entry.dtype, entry.count, &entry.state) != TUTTI_OK ||
        entry.state == nullptr || entry.state->Restore(saved.first(record.bytes)) != TUTTI_OK) {
      return Bad(absl::StrCat("the state of tensor ", record.tensor, " is wrong"));
    }
    saved = saved.subspan(record.bytes);
    if (!restored.emplace(record.tensor, std::move(entry)).second) return Bad("a tensor is there twice");
  }
  if (!saved.empty()) return Bad("more bytes than states");
  entries_ = std::move(restored);
  return absl::OkStatus();
}

}  // namespace tutti
