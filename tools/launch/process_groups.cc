// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/process_groups.h"

#include <dirent.h>
#include <signal.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace tutti::launch {
namespace {

// The fields of /proc/<pid>/stat after the name, which is in parentheses and may hold anything: state, parent, group.
bool ReadStat(const char* pid, char* state, int* group) {
  const std::string path = std::string("/proc/") + pid + "/stat";
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"),
                                                   [](FILE* f) { return f ? std::fclose(f) : 0; });
  if (!file) return false;
  char text[512];
  const size_t length = std::fread(text, 1, sizeof(text) - 1, file.get());
  text[length] = '\0';
  const char* after_name = std::strrchr(text, ')');
  int parent = 0;
  return after_name != nullptr && std::sscanf(after_name + 1, " %c %d %d", state, &parent, group) == 3;
}

}  // namespace

void SignalGroups(const std::vector<pid_t>& groups, int signal) {
  for (const pid_t group : groups) {
    if (group > 1) ::kill(-group, signal);
  }
}

bool AnyAlive(const std::vector<pid_t>& groups) {
  std::vector<pid_t> sorted = groups;
  std::sort(sorted.begin(), sorted.end());
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), [](DIR* d) { return d ? ::closedir(d) : 0; });
  if (!proc) return false;
  while (const dirent* entry = ::readdir(proc.get())) {
    if (!std::isdigit(static_cast<unsigned char>(entry->d_name[0]))) continue;
    char state = 0;
    int group = 0;
    if (!ReadStat(entry->d_name, &state, &group)) continue;
    if (state != 'Z' && state != 'X' && std::binary_search(sorted.begin(), sorted.end(), group)) return true;
  }
  return false;
}

}  // namespace tutti::launch
