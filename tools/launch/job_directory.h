// SPDX-License-Identifier: Apache-2.0
// A fresh directory that only this user can enter, for the file by which the ranks find each other.
#ifndef TUTTI_TOOLS_LAUNCH_JOB_DIRECTORY_H_
#define TUTTI_TOOLS_LAUNCH_JOB_DIRECTORY_H_

#include <string>

namespace tutti::launch {

class JobDirectory {
 public:
  JobDirectory() = default;
  JobDirectory(const JobDirectory&) = delete;
  JobDirectory& operator=(const JobDirectory&) = delete;
  ~JobDirectory();  // removes it and what is in it

  // In $TMPDIR, else /tmp. False with a sentence in *error.
  bool Create(std::string* error);

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Removes a directory tree; errors are of no use to anyone and are dropped.
void RemoveTree(const std::string& path);

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_LAUNCH_JOB_DIRECTORY_H_
