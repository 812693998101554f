// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/algorithm_word.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "collectives/select/select.h"
#include "lib/base/log.h"

namespace tutti {
namespace {

constexpr char kSeparator = '\f';  // after the cores, and between the wishes and the table; no wish holds it

absl::Status OfTable(const JobSettings& settings, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat("TUTTI_ALGORITHM_TABLE: ", settings.algorithm_table, ": ", status.message()));
}

absl::StatusOr<std::string> ReadTable(const JobSettings& settings) {
  errno = 0;
  std::ifstream file(settings.algorithm_table, std::ios::binary);
  std::string text(kMaxOverridesBytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad() || errno == EISDIR) {
    return OfTable(settings, absl::NotFoundError(absl::StrCat("it cannot be read (", std::strerror(errno), ")")));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  const absl::StatusOr<AlgorithmOverrides> table = AlgorithmOverrides::Parse(text);
  if (!table.ok()) return OfTable(settings, table.status());
  return text;
}

}  // namespace

absl::StatusOr<std::string> AlgorithmWord(const JobSettings& settings, int cores) {
  const absl::StatusOr<AlgorithmOverrides> wishes = AlgorithmOverrides::Parse(settings.algorithm);
  if (!wishes.ok()) return wishes.status();
  if (settings.rank != 0) return std::string();
  std::string word = absl::StrCat(cores, absl::string_view(&kSeparator, 1), settings.algorithm);
  if (!settings.algorithm_table.empty()) {
    const absl::StatusOr<std::string> table = ReadTable(settings);
    if (!table.ok()) return table.status();
    absl::StrAppend(&word, absl::string_view(&kSeparator, 1), *table);
  }
  return word;
}

absl::Status TakeAlgorithms(absl::string_view word, const JobSettings& settings, Job& job) {
  const size_t cores_end = std::min(word.find(kSeparator), word.size());
  int cores = 0;
  if (!absl::SimpleAtoi(word.substr(0, cores_end), &cores) || cores < 1) {
    return absl::InternalError("rank 0 does not say how many cores it has: do all ranks run the same tutti?");
  }
  word.remove_prefix(std::min(cores_end + 1, word.size()));
  const size_t end = std::min(word.find(kSeparator), word.size());
  const absl::string_view text = word.substr(0, end);
  if (settings.rank != 0 && !settings.algorithm.empty() && settings.algorithm != text) {
    TUTTI_LOG(kWarn,
              "rank 0's choice of algorithms holds for the whole job, not this rank's TUTTI_ALGORITHM or config");
  }
  absl::StatusOr<AlgorithmOverrides> wishes = AlgorithmOverrides::Parse(text);
  absl::StatusOr<AlgorithmOverrides> table =
      AlgorithmOverrides::Parse(end < word.size() ? word.substr(end + 1) : absl::string_view());
  for (const absl::Status& status : {wishes.status(), table.status()}) {
    // Rank 0 has read the same: it runs another version of the library.
    if (!status.ok()) return absl::Status(status.code(), absl::StrCat("rank 0 says: ", status.message()));
  }
  job.SetAlgorithms(*std::move(wishes), *std::move(table));
  job.SetCoresPerHost(cores);
  return absl::OkStatus();
}

}  // namespace tutti
