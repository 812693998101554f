// SPDX-License-Identifier: Apache-2.0
// Where a host is among others: the names of the groups of hosts that hold it (pods, racks), widest first, "pod1/rack3". Two
// hosts are in one group if all names up to its own are equal.
#ifndef TUTTI_LIB_BOOTSTRAP_LOCALITY_H_
#define TUTTI_LIB_BOOTSTRAP_LOCALITY_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti {

struct JobSettings;

inline constexpr size_t kMaxLocalityDepth = 4;
inline constexpr size_t kMaxLocalityNameBytes = 60;
inline constexpr size_t kMaxLocalityBytes = kMaxLocalityDepth * (kMaxLocalityNameBytes + 1) - 1;
inline constexpr size_t kMaxHostPartDepth = 2;
inline constexpr size_t kMaxHostPartBytes = kMaxHostPartDepth * (kMaxLocalityNameBytes + 1) - 1;

// One to kMaxLocalityDepth names with "/" between them; a name has 1 to kMaxLocalityNameBytes characters, printable ones but
// the space.
bool IsLocality(absl::string_view text);

// The same for which part of its host a rank is in ("socket0/l3_1"): one to kMaxHostPartDepth names.
bool IsHostPart(absl::string_view text);

struct Locality {
  std::string path;    // empty: nobody says anything
  std::string origin;  // "TUTTI_LOCALITY", ...; empty if the path is
};

// What is said of the host of that name; the first of TUTTI_LOCALITY (or the config field), TUTTI_LOCALITY_FILE, and Slurm's
// SLURM_TOPOLOGY_ADDR. Reads the file. Errors: it cannot be read, is malformed, or does not have the host, by its name or what
// stands before the first dot. That is an error and no warning: whoever names a file wants it followed, and one host that is
// taken for being nowhere would change how all others are grouped.
// Slurm's word is only taken if it is about this host, as launchers may hand on the environment of another one.
absl::StatusOr<Locality> FindLocality(const JobSettings& settings, const std::string& host);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_LOCALITY_H_
