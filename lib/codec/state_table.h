// SPDX-License-Identifier: Apache-2.0
// The states of all tensors of one codec, by the caller's keys (bucket indices are not stable: frameworks rebuild their
// buckets). Saved and restored as a whole, for checkpoints. One thread at a time.
#ifndef TUTTI_LIB_CODEC_STATE_TABLE_H_
#define TUTTI_LIB_CODEC_STATE_TABLE_H_

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "lib/codec/codec.h"

namespace tutti {

class StateTable {
 public:
  explicit StateTable(std::shared_ptr<const Codec> codec) : codec_(std::move(codec)) {}

  // The state of a tensor, made when its key is first seen; *state is NULL if the codec remembers nothing. It stays
  // valid until the key is forgotten. A key that is used for another type or count than before gives INVALID_ARGUMENT.
  tutti_status_t Get(uint64_t tensor, DataType dtype, size_t count, CodecState** state);

  void Forget(uint64_t tensor) { entries_.erase(tensor); }
  size_t size() const { return entries_.size(); }

  // All states, in the order of their keys: equal tables give equal bytes. They hold the codec's identity.
  std::vector<uint8_t> Save() const;

  // Replaces all states. The bytes may come from anywhere. After an error the table is as it was.
  absl::Status Restore(std::span<const uint8_t> saved);

 private:
  struct Entry {
    DataType dtype;
    size_t count;
    std::unique_ptr<CodecState> state;
  };

  std::shared_ptr<const Codec> codec_;
  std::map<uint64_t, Entry> entries_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_STATE_TABLE_H_
