// SPDX-License-Identifier: Apache-2.0
// The context of a request to a transport: step | slot | generation. Never a pointer, so that a completion that comes too
// late can be recognised.
#ifndef TUTTI_LIB_ENGINE_STEP_CONTEXT_H_
#define TUTTI_LIB_ENGINE_STEP_CONTEXT_H_

#include <cstdint>

namespace tutti {

inline constexpr int kStepBits = 32;
inline constexpr int kSlotBits = 20;
inline constexpr uint32_t kGenerationMask = (1u << (64 - kStepBits - kSlotBits)) - 1;

constexpr uint32_t StepOf(uint64_t context) { return static_cast<uint32_t>(context); }
constexpr uint32_t SlotOf(uint64_t context) {
  return static_cast<uint32_t>(context >> kStepBits) & ((1u << kSlotBits) - 1);
}
constexpr uint32_t GenerationOf(uint64_t context) { return static_cast<uint32_t>(context >> (kStepBits + kSlotBits)); }

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_STEP_CONTEXT_H_
