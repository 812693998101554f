// SPDX-License-Identifier: Apache-2.0
// Small files that only their owner may read: the rendezvous file and the secret file.
#ifndef TUTTI_LIB_BOOTSTRAP_PRIVATE_FILE_H_
#define TUTTI_LIB_BOOTSTRAP_PRIVATE_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti {

// NotFound: there is no such file (yet). PermissionDenied: it belongs to somebody else, is no regular file, or others
// may read or write it. InvalidArgument: it is longer than max_bytes.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path, size_t max_bytes);

// Puts the whole content in place at once (mode 0600, by rename), replacing what was there: a reader sees the old file
// or the new one. A missing last folder is created with mode 0700. The folder need not be private: whoever else may
// write there can remove the file, but not put another in its place that ReadPrivateFile accepts, which wants it to
// belong to this user.
absl::Status WritePrivateFile(const std::string& path, absl::string_view content);

// Removes the file if it still has this content. Best effort.
void RemovePrivateFile(const std::string& path, absl::string_view content);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_PRIVATE_FILE_H_
