// SPDX-License-Identifier: Apache-2.0
#include "lib/recorder/flight_folder.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "lib/base/clock.h"
#include "lib/recorder/flight_record.h"
#include "lib/recorder/process_state.h"

namespace tutti {
namespace {

constexpr absl::string_view kEnding = ".flight";
constexpr absl::string_view kUnfinishedEnding = ".flight.new";
constexpr int64_t kUnfinishedNs = 60 * kNsPerSecond;

int64_t ModifiedUnixNs(const struct stat& facts) {
  return static_cast<int64_t>(facts.st_mtim.tv_sec) * kNsPerSecond + facts.st_mtim.tv_nsec;
}

// The user's files whose names end so, sorted.
absl::StatusOr<std::vector<std::string>> ListOwnFiles(const std::string& folder, absl::string_view ending) {
  std::vector<std::string> paths;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), closedir);
  if (directory == nullptr) {
    if (errno == ENOENT) return paths;
    const std::string sentence = absl::StrCat("cannot read ", folder, ": ", std::strerror(errno));
    return errno == EACCES ? absl::PermissionDeniedError(sentence) : absl::UnavailableError(sentence);
  }
  while (const dirent* entry = readdir(directory.get())) {
    if (!absl::EndsWith(entry->d_name, ending)) continue;
    std::string path = absl::StrCat(folder, "/", entry->d_name);
    struct stat facts = {};
    if (lstat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_uid != geteuid()) continue;
    paths.push_back(std::move(path));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Makes it if need be. `alone`: nobody else may enter.
absl::Status CheckFolder(const std::string& path, bool alone) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::UnavailableError(absl::StrCat("cannot make the folder ", path, ": ", std::strerror(errno)));
  }
  struct stat facts = {};
  if ((alone ? lstat : stat)(path.c_str(), &facts) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot look at ", path, ": ", std::strerror(errno)));
  }
  if (!S_ISDIR(facts.st_mode)) return absl::UnavailableError(absl::StrCat(path, " is no folder"));
  if (alone && (facts.st_uid != geteuid() || (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)) {
    return absl::UnavailableError(
        absl::StrCat(path, " must be a folder of this user that nobody else may enter (mode 0700); remove it"));
  }
  return absl::OkStatus();
}

}  // namespace

std::string FlightFileName(absl::string_view run, int rank, int64_t pid) {
  return absl::StrCat(run, ".", rank, ".", pid, kEnding);
}

std::vector<std::string> DefaultFlightFolders() {
  return {absl::StrCat("/dev/shm/tutti-", geteuid()), absl::StrCat("/tmp/tutti-", geteuid())};
}

absl::StatusOr<std::string> PrepareFlightFolder(const std::string& wish) {
  if (!wish.empty()) {
    const absl::Status status = CheckFolder(wish, false);
    return status.ok() ? absl::StatusOr<std::string>(wish) : status;
  }
  std::string why_not;
  for (const std::string& folder : DefaultFlightFolders()) {
    const absl::Status status = CheckFolder(folder, true);
    if (status.ok()) return folder;
    absl::StrAppend(&why_not, why_not.empty() ? "" : "; ", status.message());
  }
  return absl::UnavailableError(why_not);
}

absl::StatusOr<std::vector<std::string>> ListFlightRecords(const std::string& folder) {
  return ListOwnFiles(folder, kEnding);
}

absl::StatusOr<FlightRecord> ReadFlightRecordOfPeer(const std::string& own_path, int rank) {
  const size_t folder_end = own_path.rfind('/');
  const size_t run_end = own_path.find('.', folder_end);
  const std::string beginning = absl::StrCat(own_path.substr(0, run_end), ".", rank, ".");
  const absl::StatusOr<std::vector<std::string>> paths = ListFlightRecords(own_path.substr(0, folder_end));
  if (!paths.ok()) return paths.status();
  for (const std::string& path : *paths) {
    if (absl::StartsWith(path, beginning)) return ReadFlightRecord(path);
  }
  return absl::NotFoundError(absl::StrCat("rank ", rank, " keeps no flight record here"));
}

int RemoveDeadFlightRecords(const std::string& folder, int keep, int64_t max_age_ns) {
  int removed = 0;
  const auto remove = [&removed](const std::string& path) { removed += unlink(path.c_str()) == 0 ? 1 : 0; };
  // A rank that was killed while it made its record. Nobody takes a minute for that.
  for (const std::string& path : ListOwnFiles(folder, kUnfinishedEnding).value_or(std::vector<std::string>())) {
    struct stat facts = {};
    if (lstat(path.c_str(), &facts) == 0 && UnixNowNs() - ModifiedUnixNs(facts) > kUnfinishedNs) remove(path);
  }
  std::vector<std::pair<int64_t, std::string>> dead;  // by the age of the job
  for (const std::string& path : ListFlightRecords(folder).value_or(std::vector<std::string>())) {
    const absl::StatusOr<FlightRecord> record = ReadFlightRecord(path);
    // What cannot be read was written by another version, or is broken; it may be anybody's.
    if (!record.ok() || StateOf(record->process) != ProcessState::kDead) continue;
    dead.emplace_back(record->created_unix_ns, path);
  }
  std::sort(dead.rbegin(), dead.rend());
  for (size_t i = 0; i < dead.size(); ++i) {
    if (static_cast<int>(i) < keep && UnixNowNs() - dead[i].first < max_age_ns) continue;
    remove(dead[i].second);
  }
  return removed;
}

}  // namespace tutti
