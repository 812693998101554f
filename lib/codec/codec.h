// SPDX-License-Identifier: Apache-2.0
// A codec as the inside of the library knows it; include/tutti/codec.h is the contract, and its rules hold here, too.
// Built-in codecs, a user's own (foreign_codec.h) and decorators (error_feedback.h) are all of this type. It must never
// know how bytes travel.
#ifndef TUTTI_LIB_CODEC_CODEC_H_
#define TUTTI_LIB_CODEC_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lib/base/dtype.h"
#include "tutti/codec.h"

namespace tutti {

using Slice = tutti_codec_slice_t;

// What all ranks must agree on.
struct CodecIdentity {
  std::string name;
  uint32_t version = 1;
  std::map<std::string, std::string> parameters;

  // "int8:block=256,rounding=nearest", parameters in alphabetical order.
  std::string ToString() const;

  // 64 bits that differ when anything of the identity differs (but for accidents of 1 in 2^64).
  uint64_t Fingerprint() const;
};

// How far a decoded value may be from the original one:
//
//   |decoded - value| <= of_value * |value| + of_largest * L + absolute
//
// where L is the largest magnitude of the block that the value is in. It holds for finite values, as far as they are
// not larger than `limit`; each codec's README section says what becomes of others. For decorators it bounds what one
// step adds to the residual.
struct ErrorBound {
  double of_value = 0;
  double of_largest = 0;
  double absolute = 0;
  double limit = 3.4028234663852886e38;
  size_t block = 0;  // elements; 0: the whole slice
};

// What a codec remembers of one tensor. One thread at a time.
class CodecState {
 public:
  virtual ~CodecState() = default;

  virtual std::vector<uint8_t> Save() const = 0;
  // After an error the state is as it was.
  virtual tutti_status_t Restore(std::span<const uint8_t> saved) = 0;
};

class Codec {
 public:
  virtual ~Codec() = default;

  virtual const CodecIdentity& identity() const = 0;
  virtual bool Supports(DataType dtype) const = 0;
  // Whether what the codec leaves out or remembers makes sense with the operation; of those that the type has.
  virtual bool SupportsOp(ReduceOp) const { return true; }
  virtual ErrorBound error_bound() const = 0;

  // The codec for values that have been reduced, which must have the same codes; nullptr: this one, too (with states of
  // its own). All sums of sparse vectors travel whole, and momentum is not counted twice.
  virtual std::shared_ptr<const Codec> ForResults() const { return nullptr; }

  // Whether codes are so short that to send everything to everyone costs little.
  virtual bool is_very_sparse() const { return false; }

  // 0 for a type that is not supported, and for a count whose bytes no size_t can hold.
  virtual size_t MaxEncodedBytes(DataType dtype, size_t count) const = 0;

  // state: what CreateState of this codec made for the slice's tensor.
  virtual tutti_status_t Encode(const Slice& slice, CodecState* state, const void* values, std::span<uint8_t> encoded,
                                size_t* encoded_bytes) const = 0;

  virtual tutti_status_t Decode(const Slice& slice, std::span<const uint8_t> encoded, void* values) const = 0;

  virtual tutti_status_t DecodeReduce(const Slice& slice, ReduceOp op, std::span<const uint8_t> encoded,
                                      void* accumulator) const = 0;

  virtual bool CanReduceEncoded(DataType, ReduceOp) const { return false; }
  virtual tutti_status_t ReduceEncoded(const Slice& slice, ReduceOp op, std::span<const uint8_t> encoded,
                                       std::span<uint8_t> accumulator, size_t* accumulator_bytes) const {
    return TUTTI_ERR_UNSUPPORTED;
  }

  // *state becomes NULL if the codec remembers nothing.
  virtual tutti_status_t CreateState(uint64_t tensor, DataType dtype, size_t count,
                                     std::unique_ptr<CodecState>* state) const {
    state->reset();
    return TUTTI_OK;
  }

  // No saved state of a tensor of `count` elements is shorter: so that a count in a corrupt checkpoint is refused
  // before memory is asked for.
  virtual size_t LeastSavedBytes(DataType, size_t count) const { return 0; }
};

// A slice of float32, for callers that have no place in a tensor to speak of.
inline Slice MakeSlice(size_t count, DataType dtype = DataType::kFloat32) {
  Slice slice = TUTTI_CODEC_SLICE_INIT;
  slice.dtype = static_cast<tutti_dtype_t>(dtype);
  slice.count = count;
  return slice;
}

inline DataType DataTypeOf(const Slice& slice) { return static_cast<DataType>(slice.dtype); }

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_CODEC_H_
