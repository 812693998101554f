// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/rank_environment.h"

#include <stdlib.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace tutti::launch {
namespace {

constexpr const char* kLaunchersOwn[] = {"TUTTI_RANK", "TUTTI_SIZE", "TUTTI_LOCAL_RANK", "TUTTI_LOCAL_SIZE"};

bool IsGiven(const char* name, const std::vector<Assignment>& wishes) {
  const auto is_name = [&](const Assignment& wish) { return wish.first == name; };
  return ::getenv(name) != nullptr || std::any_of(wishes.begin(), wishes.end(), is_name);
}

// 256 random bits in hexadecimal; "" if the system has none.
std::string RandomSecret() {
  std::array<unsigned char, 32> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return "";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace

std::vector<Assignment> JobEnvironment(int size, const std::string& directory, const std::vector<Assignment>& wishes,
                                       std::string* error) {
  std::vector<Assignment> result = {
      {"TUTTI_SIZE", std::to_string(size)},
      {"TUTTI_LOCAL_SIZE", std::to_string(size)},
      {"TUTTI_RENDEZVOUS", "file://" + directory + "/rendezvous"},
  };
  if (!IsGiven("TUTTI_INTERFACE", wishes)) result.emplace_back("TUTTI_INTERFACE", "lo");
  if (!IsGiven("TUTTI_SECRET", wishes) && !IsGiven("TUTTI_SECRET_FILE", wishes)) {
    result.emplace_back("TUTTI_SECRET", RandomSecret());
    if (result.back().second.empty()) {
      *error =
          std::string("cannot get random bytes for the job's secret: ") + std::strerror(errno) + "; set TUTTI_SECRET";
      return {};
    }
  }
  result.insert(result.end(), wishes.begin(), wishes.end());
  return result;
}

std::vector<Assignment> RankEnvironment(int rank) {
  return {{"TUTTI_RANK", std::to_string(rank)}, {"TUTTI_LOCAL_RANK", std::to_string(rank)}};
}

bool ParseAssignment(const std::string& text, Assignment* assignment, std::string* error) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    *error = "\"" + text + "\" is not NAME=VALUE";
    return false;
  }
  *assignment = {text.substr(0, equals), text.substr(equals + 1)};
  const auto is_name = [&](const char* name) { return assignment->first == name; };
  if (std::any_of(std::begin(kLaunchersOwn), std::end(kLaunchersOwn), is_name)) {
    *error = assignment->first + " is set by the launcher, for each rank; leave it out";
    return false;
  }
  return true;
}

}  // namespace tutti::launch
