// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/locality.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/log.h"
#include "lib/bootstrap/settings.h"
#include "lib/bootstrap/switch_file.h"

namespace tutti {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;  // a longer one is an accident

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxLocalityNameBytes &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isgraph(c); });
}

bool IsPath(absl::string_view text, size_t most_names) {
  const std::vector<absl::string_view> names = absl::StrSplit(text, '/');
  return names.size() <= most_names && std::all_of(names.begin(), names.end(), IsName);
}

std::string ShortName(const std::string& host) { return host.substr(0, host.find('.')); }

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad() || errno == EISDIR) {
    return absl::NotFoundError(absl::StrCat(path, " cannot be read (", std::strerror(errno), ")"));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is longer than ", kMaxFileBytes, " bytes"));
  }
  return text;
}

absl::StatusOr<Locality> FromFile(const std::string& path, const std::string& host) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  const absl::StatusOr<SwitchFile> file = SwitchFile::Parse(*text, path);
  if (!file.ok()) return file.status();
  absl::StatusOr<std::vector<std::string>> switches = file->SwitchesOf(host);
  if (absl::IsNotFound(switches.status())) switches = file->SwitchesOf(ShortName(host));
  if (absl::IsNotFound(switches.status())) {
    const std::string short_name = ShortName(host);
    return absl::InvalidArgumentError(absl::StrCat(
        path, " names no switch for this host, ", host, short_name == host ? "" : absl::StrCat(" or ", short_name),
        ": add it to the Nodes= of its switch, or unset TUTTI_LOCALITY_FILE on all "
        "ranks"));
  }
  if (!switches.ok()) return switches.status();
  const std::string found = absl::StrJoin(*switches, "/");
  const bool has_slash = std::any_of(switches->begin(), switches->end(),
                                     [](const std::string& name) { return name.find('/') != std::string::npos; });
  if (has_slash || !IsLocality(found)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " puts this host under switches \"", found, "\": they may be at most ", kMaxLocalityDepth,
                     " above each other, with names of at most ", kMaxLocalityNameBytes, " characters and no \"/\""));
  }
  return Locality{found, absl::StrCat("TUTTI_LOCALITY_FILE, host ", host)};
}

}  // namespace

bool IsLocality(absl::string_view text) { return IsPath(text, kMaxLocalityDepth); }

bool IsHostPart(absl::string_view text) { return IsPath(text, kMaxHostPartDepth); }

absl::StatusOr<Locality> FindLocality(const JobSettings& settings, const std::string& host) {
  if (!settings.locality.empty()) return Locality{settings.locality, "TUTTI_LOCALITY"};
  if (!settings.locality_file.empty()) {
    absl::StatusOr<Locality> found = FromFile(settings.locality_file, host);
    if (found.ok()) return found;
    return absl::Status(found.status().code(), absl::StrCat("TUTTI_LOCALITY_FILE: ", found.status().message()));
  }
  const SlurmPlace& slurm = settings.slurm_place;
  if (slurm.switches.empty()) return Locality();
  if (slurm.node != host && slurm.node != ShortName(host)) {
    TUTTI_LOG(kInfo, "SLURM_TOPOLOGY_ADDR is of node ", slurm.node, ", and this is ", host, ": it is not used");
    return Locality();
  }
  if (!IsLocality(slurm.switches)) {
    TUTTI_LOG(kInfo, "SLURM_TOPOLOGY_ADDR names more switches, or longer ones, than are used: ", slurm.switches);
    return Locality();
  }
  return Locality{slurm.switches, "SLURM_TOPOLOGY_ADDR (Slurm)"};
}

}  // namespace tutti
