// SPDX-License-Identifier: Apache-2.0
// Which of the emulated hosts this is.
#ifndef TUTTI_TESTS_SOFTROCE_GUEST_H_
#define TUTTI_TESTS_SOFTROCE_GUEST_H_

#include <cstdlib>

namespace tutti {

// 0 or 1. Only in a guest.
inline int Here() { return std::atoi(std::getenv("SOFTROCE_GUEST")); }

}  // namespace tutti

#endif  // TUTTI_TESTS_SOFTROCE_GUEST_H_
