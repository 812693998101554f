// SPDX-License-Identifier: Apache-2.0
// Whether a sanitizer watches. It makes what computes ten times as slow, and finds what it looks for with fewer cases, too;
// all cases run without it.
#ifndef TUTTI_TESTS_SUPPORT_SANITIZED_H_
#define TUTTI_TESTS_SUPPORT_SANITIZED_H_

namespace tutti {

// GCC says it by macros, Clang as features.
#if defined(__has_feature)
#define TUTTI_HAS_FEATURE(feature) __has_feature(feature)
#else
#define TUTTI_HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_THREAD__) || TUTTI_HAS_FEATURE(thread_sanitizer)
inline constexpr bool kThreadSanitized = true;
#else
inline constexpr bool kThreadSanitized = false;
#endif
#if defined(__SANITIZE_ADDRESS__) || TUTTI_HAS_FEATURE(address_sanitizer)
inline constexpr bool kAddressSanitized = true;
#else
inline constexpr bool kAddressSanitized = false;
#endif
#undef TUTTI_HAS_FEATURE

inline constexpr bool kSanitized = kThreadSanitized || kAddressSanitized;

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_SANITIZED_H_
