// SPDX-License-Identifier: Apache-2.0
// Which instruction sets the kernels are compiled for. Include it before any Highway header, and only from lib/reduce
// and its tests: every file must see the same set.
#ifndef TUTTI_LIB_REDUCE_TARGETS_H_
#define TUTTI_LIB_REDUCE_TARGETS_H_

// x86: AVX3 (AVX-512), AVX2, SSE4 and plain C++; Arm: NEON. Left out: SSSE3 (no processor in use stops there, and each
// set costs its compile time), and those with vectors of unknown length, which cannot be members of a struct.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

// Of Highway's two forms of plain C++ the one of single elements: the other emulates vectors of 16 bytes with loops,
// which GCC 12 compiles wrongly (Highway avoids it there) and Clang with sanitizers compiles for minutes.
#define HWY_BROKEN_EMU128 1

// For the parts that a loop is put together from. With sanitizers GCC keeps every inlined vector as a checked variable
// of its own, and takes minutes for a loop of hundreds of them; there the parts stay functions.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TUTTI_REDUCE_INLINE inline
#else
#define TUTTI_REDUCE_INLINE HWY_INLINE
#endif

#endif  // TUTTI_LIB_REDUCE_TARGETS_H_
