// SPDX-License-Identifier: Apache-2.0
// How a range is walked: in blocks of steps, in single steps, and a last part that is padded in a small buffer and goes
// through the same vector operations, so that no result depends on where an element lies in its range. Included once
// for each instruction set. It must never know a type or an operation.
#if defined(TUTTI_LIB_REDUCE_LOOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TUTTI_LIB_REDUCE_LOOPS_INL_H_
#undef TUTTI_LIB_REDUCE_LOOPS_INL_H_
#else
#define TUTTI_LIB_REDUCE_LOOPS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

// Before all that may include Highway:
#include "lib/reduce/targets.h"

#include "hwy/highway.h"
#include "lib/reduce/reduce.h"

HWY_BEFORE_NAMESPACE();
namespace tutti {
namespace HWY_NAMESPACE {

// A part shorter than one step, followed by zeros, which are harmless in every operation.
template <class Format>
struct PaddedPart {
  uint8_t bytes[Format::kStepBytes] = {};

  TUTTI_REDUCE_INLINE PaddedPart() = default;
  TUTTI_REDUCE_INLINE PaddedPart(const uint8_t* from, size_t length) { std::memcpy(bytes, from, length); }

  static TUTTI_REDUCE_INLINE typename Format::Value Load(const uint8_t* from, size_t length) {
    return Format::Load(PaddedPart(from, length).bytes);
  }
  static TUTTI_REDUCE_INLINE void Store(typename Format::Value value, uint8_t* to, size_t length) {
    PaddedPart part;
    Format::Store(value, part.bytes);
    std::memcpy(to, part.bytes, length);
  }
};

// Within a block all loads come before all stores: dst may be one of the sources, and the processor sees many
// independent loads at once.
template <class Format, class Op>
void Reduce(void* dst, const void* a, const void* b, size_t count) {
  constexpr size_t kStep = Format::kStepBytes;
  const auto* left = static_cast<const uint8_t*>(a);
  const auto* right = static_cast<const uint8_t*>(b);
  auto* out = static_cast<uint8_t*>(dst);
  const size_t bytes = count * Format::kElementBytes;
  size_t at = 0;
  for (; at + 4 * kStep <= bytes; at += 4 * kStep) {
    const auto v0 = Format::template Apply<Op>(Format::Load(left + at), Format::Load(right + at));
    const auto v1 = Format::template Apply<Op>(Format::Load(left + at + kStep), Format::Load(right + at + kStep));
    const auto v2 =
        Format::template Apply<Op>(Format::Load(left + at + 2 * kStep), Format::Load(right + at + 2 * kStep));
    const auto v3 =
        Format::template Apply<Op>(Format::Load(left + at + 3 * kStep), Format::Load(right + at + 3 * kStep));
    Format::Store(v0, out + at);
    Format::Store(v1, out + at + kStep);
    Format::Store(v2, out + at + 2 * kStep);
    Format::Store(v3, out + at + 3 * kStep);
  }
  for (; at + kStep <= bytes; at += kStep) {
    Format::Store(Format::template Apply<Op>(Format::Load(left + at), Format::Load(right + at)), out + at);
  }
  if (at < bytes) {
    using Part = PaddedPart<Format>;
    const size_t rest = bytes - at;
    Part::Store(Format::template Apply<Op>(Part::Load(left + at, rest), Part::Load(right + at, rest)), out + at, rest);
  }
}

// The values of a block stay in registers while all sources are taken in, so memory is read once per source and written
// once, and halves are rounded once.
template <class Format, class Op>
void ReduceMany(void* dst, const void* const* sources, size_t num_sources, size_t count) {
  const size_t bytes = count * Format::kElementBytes;
  if (num_sources == 1) {
    if (dst != sources[0] && bytes > 0) std::memcpy(dst, sources[0], bytes);
    return;
  }
  if (num_sources == 2) return Reduce<Format, Op>(dst, sources[0], sources[1], count);

  constexpr size_t kStep = Format::kStepBytes;
  const auto* const* from = reinterpret_cast<const uint8_t* const*>(sources);
  auto* out = static_cast<uint8_t*>(dst);
  size_t at = 0;
  for (; at + 4 * kStep <= bytes; at += 4 * kStep) {
    const uint8_t* source = from[0] + at;
    auto v0 = Format::Load(source);
    auto v1 = Format::Load(source + kStep);
    auto v2 = Format::Load(source + 2 * kStep);
    auto v3 = Format::Load(source + 3 * kStep);
    for (size_t k = 1; k < num_sources; ++k) {
      source = from[k] + at;
      v0 = Format::template Apply<Op>(v0, Format::Load(source));
      v1 = Format::template Apply<Op>(v1, Format::Load(source + kStep));
      v2 = Format::template Apply<Op>(v2, Format::Load(source + 2 * kStep));
      v3 = Format::template Apply<Op>(v3, Format::Load(source + 3 * kStep));
    }
    Format::Store(v0, out + at);
    Format::Store(v1, out + at + kStep);
    Format::Store(v2, out + at + 2 * kStep);
    Format::Store(v3, out + at + 3 * kStep);
  }
  for (; at + kStep <= bytes; at += kStep) {
    auto value = Format::Load(from[0] + at);
    for (size_t k = 1; k < num_sources; ++k) value = Format::template Apply<Op>(value, Format::Load(from[k] + at));
    Format::Store(value, out + at);
  }
  if (at < bytes) {
    using Part = PaddedPart<Format>;
    const size_t rest = bytes - at;
    auto value = Part::Load(from[0] + at, rest);
    for (size_t k = 1; k < num_sources; ++k) value = Format::template Apply<Op>(value, Part::Load(from[k] + at, rest));
    Part::Store(value, out + at, rest);
  }
}

template <class Format>
void DivideAll(void* data, size_t count, uint32_t divisor) {
  if (divisor <= 1) return;
  const typename Format::Divisor by(divisor);
  constexpr size_t kStep = Format::kStepBytes;
  auto* bytes_at = static_cast<uint8_t*>(data);
  const size_t bytes = count * Format::kElementBytes;
  size_t at = 0;
  for (; at + kStep <= bytes; at += kStep) {
    Format::Store(Format::Divide(Format::Load(bytes_at + at), by), bytes_at + at);
  }
  if (at < bytes) {
    using Part = PaddedPart<Format>;
    const size_t rest = bytes - at;
    Part::Store(Format::Divide(Part::Load(bytes_at + at, rest), by), bytes_at + at, rest);
  }
}

template <class Format>
void ScaleAll(void* dst, const void* source, double factor, size_t count) {
  constexpr size_t kStep = Format::kStepBytes;
  const auto* from = static_cast<const uint8_t*>(source);
  auto* out = static_cast<uint8_t*>(dst);
  const size_t bytes = count * Format::kElementBytes;
  size_t at = 0;
  for (; at + kStep <= bytes; at += kStep) Format::Store(Format::Scale(Format::Load(from + at), factor), out + at);
  if (at < bytes) {
    using Part = PaddedPart<Format>;
    const size_t rest = bytes - at;
    Part::Store(Format::Scale(Part::Load(from + at, rest), factor), out + at, rest);
  }
}

// The finish of everything but averages.
inline void NothingToFinish(void*, size_t, uint32_t) {}

template <class Format, class Op>
ReduceKernels KernelsOf(void (*finish)(void*, size_t, uint32_t) = NothingToFinish) {
  return {Reduce<Format, Op>, ReduceMany<Format, Op>, finish, nullptr};
}

// The same, for operations before which inputs may be scaled.
template <class Format, class Op>
ReduceKernels ScalingKernelsOf(void (*finish)(void*, size_t, uint32_t) = NothingToFinish) {
  return {Reduce<Format, Op>, ReduceMany<Format, Op>, finish, ScaleAll<Format>};
}

}  // namespace HWY_NAMESPACE
}  // namespace tutti
HWY_AFTER_NAMESPACE();

#endif  // TUTTI_LIB_REDUCE_LOOPS_INL_H_
