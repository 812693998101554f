// SPDX-License-Identifier: Apache-2.0
// The inner loops of the built-in codecs. SIMD, chosen at run time; the same bits whatever instruction set is chosen.
//
// A kernel works on whole groups of 64 elements, so that none needs a tail: count is a multiple of 64, and who has less
// copies it into a group that is filled up (group.h). Pointers need no alignment. Outputs never overlap inputs.
//
// It must never know how encoded bytes are laid out.
#ifndef TUTTI_LIB_CODEC_KERNELS_H_
#define TUTTI_LIB_CODEC_KERNELS_H_

#include <cstddef>
#include <cstdint>

namespace tutti {

// As many lanes as the widest vector has of bytes.
inline constexpr size_t kGroup = 64;

struct CodecKernels {
  // float32 to half formats and back; rounding to nearest even; every NaN becomes the quiet one.
  void (*to_bf16)(const uint8_t* values, size_t count, uint8_t* codes);
  void (*from_bf16)(const uint8_t* codes, size_t count, uint8_t* values);
  void (*to_f16)(const uint8_t* values, size_t count, uint8_t* codes);
  void (*from_f16)(const uint8_t* codes, size_t count, uint8_t* values);

  // The bits of the largest magnitude. Those of NaN are above those of infinity.
  uint32_t (*max_magnitude)(const uint8_t* values, size_t count);

  // codes = values * inverse, rounded to nearest even. |values * inverse| <= 127.4.
  void (*to_int8)(const uint8_t* values, size_t count, float inverse, uint8_t* codes);
  // The same plus a random number from [-1/2, 1/2) for each value before rounding, and at most +-limit. Element i draws
  // the i-th number of `key`.
  void (*to_int8_stochastic)(const uint8_t* values, size_t count, float inverse, float limit, uint64_t key,
                             uint8_t* codes);
  // values = codes * scale.
  void (*from_int8)(const uint8_t* codes, size_t count, float scale, uint8_t* values);

  // Two 4-bit codes in a byte, the even element's in the lower half; from int8 codes of -8 .. 7 and back.
  void (*pack_int4)(const uint8_t* int8_codes, size_t count, uint8_t* codes);
  void (*from_int4)(const uint8_t* codes, size_t count, float scale, uint8_t* values);

  // 8-bit floats of values * inverse, where inverse is a power of two and |values * inverse| is no larger than the
  // format's largest number. values = codes * scale.
  void (*to_e4m3)(const uint8_t* values, size_t count, float inverse, uint8_t* codes);
  void (*from_e4m3)(const uint8_t* codes, size_t count, float scale, uint8_t* values);
  void (*to_e5m2)(const uint8_t* values, size_t count, float inverse, uint8_t* codes);
  void (*from_e5m2)(const uint8_t* codes, size_t count, float scale, uint8_t* values);

  // The sum of all magnitudes, in eight interleaved partial sums of doubles, added in a fixed order.
  double (*sum_magnitudes)(const uint8_t* values, size_t count);
  // Bit i % 64 of word i / 64: whether value i has a minus sign. values = +-scale.
  void (*to_signs)(const uint8_t* values, size_t count, uint8_t* codes);
  void (*from_signs)(const uint8_t* codes, size_t count, float scale, uint8_t* values);

  // Bit i % 64 of masks[i / 64]: whether the bits of value i's magnitude are >= threshold.
  void (*magnitudes_at_least)(const uint8_t* values, size_t count, uint32_t threshold, uint64_t* masks);

  // Cuts floats into exponents, the lower 16 bits of their fractions, and sign (bit 7) with the upper 7; and back.
  void (*split_floats)(const uint8_t* values, size_t count, uint8_t* exponents, uint8_t* low, uint8_t* high);
  void (*join_floats)(const uint8_t* exponents, const uint8_t* low, const uint8_t* high, size_t count, uint8_t* values);

  // counts[w], w = 0 .. 7: how many bytes are at least 2^w - 1 below `top` (which none exceeds).
  void (*count_far_below)(const uint8_t* bytes, size_t count, uint8_t top, uint32_t* counts);
  // min(top - bytes, 2^width - 1) in `width` bits each, as bit planes: for each group `width` words of 8 bytes. And
  // back, to top - number (modulo 256). width: 0 .. 7.
  void (*pack_below)(const uint8_t* bytes, size_t count, uint8_t top, int width, uint8_t* planes);
  void (*unpack_below)(const uint8_t* planes, size_t count, uint8_t top, int width, uint8_t* bytes);
};

// Each fills in its part with the kernels of the instruction set that Highway chooses at this moment.
void FillCastKernels(CodecKernels& kernels);
void FillQuantizeKernels(CodecKernels& kernels);
void FillBitKernels(CodecKernels& kernels);

// All of them, for the instruction set that Highway chooses at this moment; for tests.
CodecKernels MakeCodecKernels();

// Those for this processor.
const CodecKernels& BestCodecKernels();

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_KERNELS_H_
