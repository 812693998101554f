// SPDX-License-Identifier: Apache-2.0
// The rank's side: programs that run as one rank of a job, and what they need to say and to demand. They use the public
// C API only.
#ifndef TUTTI_TESTS_MULTI_PROCESS_RANK_H_
#define TUTTI_TESTS_MULTI_PROCESS_RANK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tutti/tutti.h"

namespace tutti::multi_process {

struct RankContext {
  int rank = -1;
  int size = -1;
  std::string folder;                  // shared by the job's ranks; removed afterwards
  std::vector<std::string> arguments;  // JobOptions::arguments
};

using RankProgram = void (*)(RankContext&);

// Returns true so that it can initialise a variable.
bool RegisterRankProgram(const char* name, RankProgram program);

// RANK_PROGRAM(Name) { ... uses context ... }: what Job("Name", n) runs in each rank. Returning ends it with status 0.
#define RANK_PROGRAM(name)                                                                                         \
  static void name(::tutti::multi_process::RankContext& context);                                                  \
  [[maybe_unused]] static const bool name##_registered = ::tutti::multi_process::RegisterRankProgram(#name, name); \
  static void name([[maybe_unused]] ::tutti::multi_process::RankContext& context)

// Tells the test, at once: one line.
void Say(const std::string& name, const std::string& value);
void Say(const std::string& name, int64_t value);

// Ends the rank with status 1 and the text if `holds` is false.
void Require(bool holds, const std::string& text);
// ... unless the status is TUTTI_OK; prints the sentence too. Allocates nothing when it is.
void RequireOk(tutti_status_t status, const char* what);
#define REQUIRE_OK(call) ::tutti::multi_process::RequireOk((call), #call)

// tutti_comm_create with everything from the environment. Failure ends the rank.
tutti_comm_t Join();
// The same with another rendezvous, "NAME" in the job's folder.
tutti_comm_t JoinAt(const RankContext& context, const std::string& rendezvous_name);

// Says status, sentence and failed_at_ns of a failed operation: @status, @sentence, @failed_at_ns.
void SayFailure(tutti_comm_t comm, tutti_status_t status);

// An all-reduce of one float that must succeed: all ranks have come this far. Others may still be in it.
void Synchronise(tutti_comm_t comm);

// Returns when all ranks have called it with this name; goes through files of the job's folder, not through tutti.
void MeetOutside(const RankContext& context, const std::string& name);

void SleepMs(int ms);

// For how long threads of this process, all together, were ready to run but had no core, in ns; 0 where the kernel does not say.
// What is promised of time is promised to those that have one.
int64_t StarvedNs();

}  // namespace tutti::multi_process

#endif  // TUTTI_TESTS_MULTI_PROCESS_RANK_H_
