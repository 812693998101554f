// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-report/trace_reader.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "tools/tutti-report/trace_line.h"

namespace tutti::report {
namespace {

// A damaged file should not fill the report.
constexpr size_t kProblemsPerFile = 5;
constexpr size_t kLongestLine = size_t{64} << 20;

// Lines are added to the problems by "file:line: what"; how many more there were is said at the end.
class ProblemList {
 public:
  ProblemList(std::string file, std::vector<std::string>* problems) : file_(std::move(file)), problems_(*problems) {}
  ~ProblemList() {
    if (found_ > kProblemsPerFile) {
      problems_.push_back(absl::StrCat(file_, ": and ", found_ - kProblemsPerFile, " more lines like these"));
    }
  }
  void Add(size_t line, const std::string& what) {
    if (++found_ <= kProblemsPerFile) problems_.push_back(absl::StrCat(file_, ":", line, ": ", what));
  }

 private:
  const std::string file_;
  std::vector<std::string>& problems_;
  size_t found_ = 0;
};

void ReadFile(const std::filesystem::path& path, RankRecords* rank, Records* records) {
  ProblemList problems(path.filename().string(), &records->problems);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return problems.Add(0, "the file cannot be opened");
  std::string line;
  size_t number = 0;
  while (std::getline(stream, line)) {
    ++number;
    if (line.empty()) continue;
    if (line.size() > kLongestLine) {
      problems.Add(number, "the line is longer than any that tutti writes");
      continue;
    }
    const std::string wrong = AddLine(line, rank, &records->names);
    if (!wrong.empty()) problems.Add(number, wrong);
    if (rank->job_rank < 0) return;  // it is no trace, or of another version
  }
  if (number == 0) problems.Add(1, "the file is empty");
}

// The file that was written earlier comes first.
std::string StemOf(const std::filesystem::path& path) {
  std::string name = path.filename().string();
  for (const char* end : {".former.jsonl", ".jsonl"}) {
    if (absl::EndsWith(name, end)) return name.substr(0, name.size() - std::string(end).size());
  }
  return name;
}

}  // namespace

std::string ReadTraces(const std::string& directory, const std::string& job, Records* records) {
  std::error_code error;
  std::map<std::string, std::vector<std::filesystem::path>> files;  // of one rank together
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".jsonl") files[StemOf(it->path())].push_back(it->path());
  }
  if (error) return absl::StrCat(directory, " cannot be read: ", error.message());
  if (files.empty()) {
    return absl::StrCat(directory, " has no trace files (*.jsonl): run the job with TUTTI_TRACE=", directory);
  }

  std::map<std::string, std::vector<RankRecords>> jobs;
  for (auto& [stem, paths] : files) {
    std::sort(paths.begin(), paths.end());  // "x.former.jsonl" < "x.jsonl"
    RankRecords rank;
    for (const auto& path : paths) ReadFile(path, &rank, records);
    if (rank.job_rank >= 0) jobs[rank.job].push_back(std::move(rank));
  }
  if (jobs.empty()) return absl::StrCat("no file in ", directory, " is a trace: ", records->problems.front());
  const auto began = [](const auto& entry) {
    int64_t unix_ns = 0;
    for (const RankRecords& rank : entry.second) unix_ns = std::max(unix_ns, rank.unix_ns);
    return unix_ns;
  };
  auto chosen = job.empty() ? std::max_element(jobs.begin(), jobs.end(),
                                               [&](const auto& a, const auto& b) { return began(a) < began(b); })
                            : jobs.find(job);
  if (chosen == jobs.end()) return absl::StrCat(directory, " has no trace of job \"", job, "\"");
  for (const auto& entry : jobs) {
    if (entry.first != chosen->first) records->other_jobs.push_back(entry.first);
  }
  for (RankRecords& rank : chosen->second) {
    const int32_t job_rank = rank.job_rank;
    if (rank.size != chosen->second.front().size) {
      records->problems.push_back(absl::StrCat("rank ", job_rank, " says that the job has ", rank.size, " ranks, rank ",
                                               chosen->second.front().job_rank, " ", chosen->second.front().size));
      continue;
    }
    if (records->ranks.contains(job_rank)) {
      records->problems.push_back(absl::StrCat("two files are of rank ", job_rank, "; the second is left out"));
      continue;
    }
    records->ranks.emplace(job_rank, std::move(rank));
  }
  return "";
}

}  // namespace tutti::report
