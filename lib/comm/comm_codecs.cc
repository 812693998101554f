// SPDX-License-Identifier: Apache-2.0
// Saved: "TCC1", version 1 (4), number of codecs (8); then for each, in the order of their texts, the lengths of its text,
// of its states of contributions and of its states of results (8 each), and these.
#include "lib/comm/comm_codecs.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "lib/codec/byte_records.h"
#include "lib/codec/registry.h"

namespace tutti {
namespace {

constexpr SavedMark kMark = {{'T', 'C', 'C', '1'}, 1};

struct CodecRecord {
  uint64_t text_bytes;
  uint64_t state_bytes;
};

struct TablesRecord {
  uint64_t contributions_bytes;
  uint64_t results_bytes;
};

absl::Status Bad(const char* why) { return absl::InvalidArgumentError(absl::StrCat("saved codec states: ", why)); }

}  // namespace

CommCodec::CommCodec(uint32_t number, std::shared_ptr<const Codec> codec)
    : number_(number),
      codec_(std::move(codec)),
      results_codec_(codec_->ForResults() == nullptr ? codec_ : codec_->ForResults()),
      contributions_(codec_),
      results_(results_codec_) {
  header_.fingerprint = codec_->identity().Fingerprint();
  header_.SetName(codec_->identity().ToString());
}

absl::Status CommCodec::CheckFits(DataType type, ReduceOp op) const {
  if (Fits(type, op)) return absl::OkStatus();
  const std::string name = codec_->identity().ToString();
  if (!codec_->Supports(type)) {
    return absl::UnimplementedError(absl::StrCat("codec ", name, " cannot encode ", DataTypeName(type)));
  }
  return absl::UnimplementedError(
      absl::StrCat("codec ", name, " is for sum and avg; with ", ReduceOpName(op), " what it leaves out would count"));
}

absl::Status CommCodec::Fill(uint64_t tensor, uint64_t step, DataType type, uint64_t count, uint64_t result_count,
                             CodedCall* call) {
  tutti_status_t status = contributions_.Get(tensor, type, count, &call->contribution_state);
  call->result_state = nullptr;
  if (status == TUTTI_OK && result_count > 0) status = results_.Get(tensor, type, result_count, &call->result_state);
  if (status == TUTTI_ERR_INVALID_ARGUMENT) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", tensor, " had another type or count when codec ", codec_->identity().ToString(),
                     " was last used for it; give each tensor a key of its own, or forget this one first"));
  }
  if (status != TUTTI_OK) {
    return absl::ResourceExhaustedError(absl::StrCat("codec ", codec_->identity().ToString(),
                                                     " cannot make its state for tensor ", tensor, " of ", count,
                                                     " elements: status ", static_cast<int>(status)));
  }
  call->codecs = pair();
  call->totals = &totals_;
  call->header = header_;
  call->header.tensor = tensor;
  call->header.step = step;
  return absl::OkStatus();
}

void CommCodec::ForgetAll() {
  contributions_ = StateTable(codec_);
  results_ = StateTable(results_codec_);
}

void CommCodec::TakeStatesOf(CommCodec& other) {
  contributions_ = std::move(other.contributions_);
  results_ = std::move(other.results_);
}

void CommCodec::Forget(uint64_t tensor) {
  contributions_.Forget(tensor);
  results_.Forget(tensor);
}

std::vector<uint8_t> CommCodec::Save() const {
  const std::vector<uint8_t> contributions = contributions_.Save();
  const std::vector<uint8_t> results = results_.Save();
  std::vector<uint8_t> saved;
  AppendRecord(&saved, TablesRecord{contributions.size(), results.size()});
  AppendBytes(&saved, contributions.data(), contributions.size());
  AppendBytes(&saved, results.data(), results.size());
  return saved;
}

absl::Status CommCodec::Restore(std::span<const uint8_t> saved) {
  TablesRecord record;
  if (!TakeRecord(&saved, &record) || record.contributions_bytes > saved.size() ||
      record.results_bytes != saved.size() - record.contributions_bytes) {
    return Bad("they are cut off");
  }
  StateTable contributions(codec_);
  StateTable results(results_codec_);
  if (absl::Status s = contributions.Restore(saved.first(record.contributions_bytes)); !s.ok()) return s;
  if (absl::Status s = results.Restore(saved.subspan(record.contributions_bytes)); !s.ok()) return s;
  contributions_ = std::move(contributions);
  results_ = std::move(results);
  return absl::OkStatus();
}

absl::StatusOr<CommCodec*> CommCodecs::Find(absl::string_view text) {
  if (text.empty() || text == "none") return nullptr;
  const auto found = codecs_.find(text);
  if (found != codecs_.end()) return found->second.get();
  absl::StatusOr<std::shared_ptr<const Codec>> codec = MakeCodec(std::string_view(text.data(), text.size()));
  if (!codec.ok()) return codec.status();
  if (codecs_.size() == kMaxCodecs) {
    return absl::ResourceExhaustedError(
        absl::StrCat("this communicator has used ", kMaxCodecs, " codecs, and remembers tensors for all of them"));
  }
  auto made = std::make_unique<CommCodec>(static_cast<uint32_t>(codecs_.size() + 1), *std::move(codec));
  return codecs_.emplace(std::string(text), std::move(made)).first->second.get();
}

const CommCodec* CommCodecs::FindUsed(absl::string_view text) const {
  const auto found = codecs_.find(text);
  return found == codecs_.end() ? nullptr : found->second.get();
}

void CommCodecs::Forget(uint64_t tensor) {
  for (auto& [text, codec] : codecs_) codec->Forget(tensor);
}

std::vector<uint8_t> CommCodecs::Save() const {
  std::vector<absl::string_view> texts;
  for (const auto& [text, codec] : codecs_) texts.push_back(text);
  std::sort(texts.begin(), texts.end());
  std::vector<uint8_t> saved;
  AppendRecord(&saved, kMark);
  AppendRecord(&saved, uint64_t{texts.size()});
  for (const absl::string_view text : texts) {
    const std::vector<uint8_t> states = codecs_.find(text)->second->Save();
    AppendRecord(&saved, CodecRecord{text.size(), states.size()});
    AppendBytes(&saved, text.data(), text.size());
    AppendBytes(&saved, states.data(), states.size());
  }
  return saved;
}

absl::Status CommCodecs::Restore(std::span<const uint8_t> saved) {
  uint64_t num_codecs = 0;
  if (!TakeMark(&saved, kMark) || !TakeRecord(&saved, &num_codecs)) {
    return Bad("these bytes were not saved by this version of tutti");
  }
  if (num_codecs > kMaxCodecs) return Bad("more codecs than a communicator can have");
  CommCodecs restored;
  for (uint64_t i = 0; i < num_codecs; ++i) {
    CodecRecord record;
    if (!TakeRecord(&saved, &record) || record.text_bytes > saved.size() ||
        record.state_bytes > saved.size() - record.text_bytes) {
      return Bad("they are cut off");
    }
    const absl::string_view text(reinterpret_cast<const char*>(saved.data()), record.text_bytes);
    absl::StatusOr<CommCodec*> codec = restored.Find(text);
    if (!codec.ok()) return codec.status();
    if (*codec == nullptr) return Bad("they name no codec");
    if (absl::Status s = (*codec)->Restore(saved.subspan(record.text_bytes, record.state_bytes)); !s.ok()) return s;
    saved = saved.subspan(record.text_bytes + record.state_bytes);
  }
  if (!saved.empty()) return Bad("more bytes than states");
  // Codecs keep their numbers, by which plans know them: only the states are taken over.
  for (auto& [text, codec] : restored.codecs_) {
    if (absl::StatusOr<CommCodec*> own = Find(text); !own.ok()) return own.status();
  }
  for (auto& [text, codec] : codecs_) {
    const auto source = restored.codecs_.find(text);
    if (source == restored.codecs_.end()) {
      codec->ForgetAll();
    } else {
      codec->TakeStatesOf(*source->second);
    }
  }
  return absl::OkStatus();
}

}  // namespace tutti
