// SPDX-License-Identifier: Apache-2.0
// A drawing, or another whole text, into a file.
#ifndef TUTTI_TOOLS_TUTTI_INFO_WRITE_FILE_H_
#define TUTTI_TOOLS_TUTTI_INFO_WRITE_FILE_H_

#include <fstream>
#include <string>

namespace tutti::info {

// A sentence if it cannot be written, else "".
inline std::string WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file ? "" : path + " cannot be written";
}

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_WRITE_FILE_H_
