// SPDX-License-Identifier: Apache-2.0
// Files that others read while they are renewed.
#ifndef TUTTI_LIB_EXPORT_ATOMIC_FILE_H_
#define TUTTI_LIB_EXPORT_ATOMIC_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tutti {

// Puts the whole content in place at once, by rename: a reader sees the old file or the new one. Errors: with the reason.
absl::Status WriteAtomically(const std::string& path, absl::string_view content);

// A path of its own for each rank: "%r" becomes the rank; where there is none and the job has several ranks, ".rank-<n>" is put
// before the last suffix, which some readers look for.
std::string PathOfRank(const std::string& path, int32_t rank, int32_t size);

}  // namespace tutti

#endif  // TUTTI_LIB_EXPORT_ATOMIC_FILE_H_
