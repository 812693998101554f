// SPDX-License-Identifier: Apache-2.0
#include "tests/multi_process/rank.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/multi_process/harness.h"

namespace tutti::multi_process {
namespace {

std::map<std::string, RankProgram>& Programs() {
  static auto* programs = new std::map<std::string, RankProgram>;
  return *programs;
}

// One write per line: ranks are killed at any time, and lines must not mix.
void WriteLine(const std::string& line) {
  const std::string text = line + "\n";
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) _exit(3);
}

std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

bool RegisterRankProgram(const char* name, RankProgram program) {
  const bool is_new = Programs().emplace(name, program).second;
  if (!is_new) {
    std::fprintf(stderr, "two rank programs are called %s\n", name);
    std::abort();
  }
  return is_new;
}

// Called by main; -1 if the command line is not that of a rank.
int RunRankProgram(int argc, char** argv) {
  const std::string kProgram = "--rank-program=";
  const std::string kFolder = "--folder=";
  if (argc < 3 || std::string(argv[1]).rfind(kProgram, 0) != 0) return -1;
  const std::string name = std::string(argv[1]).substr(kProgram.size());
  const auto program = Programs().find(name);
  if (program == Programs().end()) {
    WriteLine("there is no rank program " + name);
    return 2;
  }
  RankContext context;
  context.rank = std::atoi(getenv("TUTTI_RANK"));
  context.size = std::atoi(getenv("TUTTI_SIZE"));
  context.folder = std::string(argv[2]).substr(kFolder.size());
  context.arguments.assign(argv + 3, argv + argc);
  program->second(context);
  return 0;
}

void Say(const std::string& name, const std::string& value) { WriteLine("@" + name + " " + OneLine(value)); }
void Say(const std::string& name, int64_t value) { Say(name, std::to_string(value)); }

void Require(bool holds, const std::string& text) {
  if (holds) return;
  WriteLine("does not hold: " + text);
  _exit(1);
}

void RequireOk(tutti_status_t status, const char* what) {
  if (status == TUTTI_OK) return;
  WriteLine(std::string(what) + " gave " + tutti_status_name(status) + ": " + tutti_last_error());
  _exit(1);
}

tutti_comm_t Join() {
  tutti_comm_t comm = nullptr;
  REQUIRE_OK(tutti_comm_create(nullptr, &comm));
  Require(comm != nullptr, "a created communicator is not NULL");
  return comm;
}

tutti_comm_t JoinAt(const RankContext& context, const std::string& rendezvous_name) {
  const std::string rendezvous = "file://" + context.folder + "/" + rendezvous_name;
  tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
  config.rendezvous = rendezvous.c_str();
  tutti_comm_t comm = nullptr;
  REQUIRE_OK(tutti_comm_create(&config, &comm));
  return comm;
}

void SayFailure(tutti_comm_t comm, tutti_status_t status) {
  const int64_t now_ns = MonotonicNs();
  Say("sentence", comm == nullptr ? tutti_last_error() : tutti_comm_last_error(comm));
  Say("status", tutti_status_name(status));
  Say("failed_at_ns", now_ns);
}

void Synchronise(tutti_comm_t comm) {
  float value = 1;
  REQUIRE_OK(tutti_all_reduce(comm, &value, &value, 1, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr));
}

void MeetOutside(const RankContext& context, const std::string& name) {
  const std::string prefix = context.folder + "/met." + name + ".";
  std::ofstream(prefix + std::to_string(context.rank)).close();
  for (int rank = 0; rank < context.size; ++rank) {
    while (!std::filesystem::exists(prefix + std::to_string(rank))) usleep(200);
  }
}

void SleepMs(int ms) {
  const int64_t until_ns = MonotonicNs() + ms * int64_t{1'000'000};
  while (MonotonicNs() < until_ns) usleep(1000);
}

int64_t StarvedNs() {
  int64_t starved_ns = 0;
  std::error_code ended;  // a thread may end meanwhile
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", ended)) {
    std::ifstream schedstat(thread.path() / "schedstat");
    int64_t ran_ns = 0;
    int64_t waited_ns = 0;
    if (schedstat >> ran_ns >> waited_ns) starved_ns += waited_ns;
  }
  return starved_ns;
}

}  // namespace tutti::multi_process
