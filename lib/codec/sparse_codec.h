// SPDX-License-Identifier: Apache-2.0
// Only some values travel, unchanged, with their places; the others decode to zero. What is chosen, subclasses say:
//
//   topk       the largest k magnitudes of each slice, k = ratio * count, rounded up; of equal ones the first
//   threshold  magnitudes of at least `value`
//
// Places are written in the shorter of two ways, and when neither pays, all values travel (and nothing is lost):
//
//   mode 0, dense    values ...
//   mode 1, gaps     k (8 bytes)  values ...  how many places were left out before each, 7 bits a byte, lowest first
//   mode 2, bitmap   k (8 bytes)  values ...  a bit for each place, in whole words of 8 bytes
#ifndef TUTTI_LIB_CODEC_SPARSE_CODEC_H_
#define TUTTI_LIB_CODEC_SPARSE_CODEC_H_

#include "lib/codec/built_in_codec.h"

namespace tutti {

class SparseCodec : public BuiltInCodec {
 public:
  // What does not travel would count as 0.
  bool SupportsOp(ReduceOp op) const final { return op == ReduceOp::kSum || op == ReduceOp::kAvg; }
  // All that is not 0.
  std::shared_ptr<const Codec> ForResults() const final;

 protected:
  // Magnitudes above `bits` travel, and the first num_equal of those that equal it.
  struct Choice {
    uint32_t bits = 0;
    size_t num_equal = 0;
  };

  SparseCodec(CodecIdentity identity, const CodecKernels& kernels)
      : BuiltInCodec(std::move(identity), CodecFormat::kSparse, 0, kernels) {}

  virtual Choice Choose(const uint8_t* values, size_t count) const = 0;

  size_t MaxPayloadBytes(size_t count) const final { return 4 * count; }
  size_t EncodePayload(const Slice& slice, const uint8_t* values, uint8_t* payload, uint8_t* mode) const final;
  bool Open(Cursor& cursor) const final;
  void Read(Cursor& cursor, size_t first, size_t count, uint8_t* values) const final;

 private:
  // visit(place) for all that travel, in order.
  template <class Visit>
  void ForEachChosen(const uint8_t* values, size_t count, Choice choice, Visit visit) const;

  void ReadGaps(Cursor& cursor, size_t first, size_t count, uint8_t* values) const;
  void ReadBitmap(Cursor& cursor, size_t first, size_t count, uint8_t* values) const;
};

class TopKCodec final : public SparseCodec {
 public:
  // 0 < ratio <= 1.
  TopKCodec(CodecIdentity identity, double ratio, const CodecKernels& kernels)
      : SparseCodec(std::move(identity), kernels), ratio_(ratio) {}
  ErrorBound error_bound() const override;
  bool is_very_sparse() const override { return ratio_ <= kVerySparse; }

 protected:
  Choice Choose(const uint8_t* values, size_t count) const override;

 private:
  // Up to here, codes of everything sent to three others are shorter than the vector.
  static constexpr double kVerySparse = 0.05;

  double ratio_;
};

class ThresholdCodec final : public SparseCodec {
 public:
  // value: finite, > 0.
  ThresholdCodec(CodecIdentity identity, float value, const CodecKernels& kernels)
      : SparseCodec(std::move(identity), kernels), value_(value) {}
  ErrorBound error_bound() const override;

 protected:
  Choice Choose(const uint8_t* values, size_t count) const override;

 private:
  float value_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_SPARSE_CODEC_H_
