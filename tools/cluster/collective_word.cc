// SPDX-License-Identifier: Apache-2.0
#include "tools/cluster/collective_word.h"

#include "absl/strings/str_cat.h"

namespace tutti::cluster {

std::optional<Collective> CollectiveOf(absl::string_view name) {
  for (int c = 0; c < kNumCollectives; ++c) {
    if (name == CollectiveName(static_cast<Collective>(c))) return static_cast<Collective>(c);
  }
  return std::nullopt;
}

std::string CollectiveNames() {
  std::string names;
  for (int c = 0; c < kNumCollectives; ++c) {
    absl::StrAppend(&names, c == 0 ? "" : ", ", CollectiveName(static_cast<Collective>(c)));
  }
  return names;
}

std::string NoCollective(absl::string_view name) {
  return absl::StrCat("\"", name, "\" is not one of ", CollectiveNames());
}

}  // namespace tutti::cluster
