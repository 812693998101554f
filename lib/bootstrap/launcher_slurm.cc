// SPDX-License-Identifier: Apache-2.0
// Slurm: processes started by srun.
#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "lib/bootstrap/launcher.h"
#include "lib/bootstrap/launcher_facts.h"
#include "lib/bootstrap/slurm_list.h"

namespace tutti {
namespace {

// A batch script and an interactive shell of salloc also have SLURM_PROCID=0 and SLURM_NTASKS=<all>, but srun did not
// start them: a program run there directly is alone, and would wait for ranks that never come. They have no step id, or
// one of the reserved ones at the top of the range (batch, interactive, extern).
bool IsStartedBySrun(const Environment& environment) {
  const std::string* step = environment.Find("SLURM_STEP_ID");
  if (step == nullptr) step = environment.Find("SLURM_STEPID");
  constexpr uint32_t kFirstReserved = 0xfffffff0u;
  uint32_t number = 0;
  return step != nullptr && absl::SimpleAtoi(*step, &number) && number < kFirstReserved;
}

std::optional<LauncherFact> LocalSize(const Environment& environment) {
  const std::optional<int> node = environment.FindNumber("SLURM_NODEID");
  for (const char* name : {"SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"}) {
    const std::string* list = environment.Find(name);
    if (list == nullptr || !node) continue;
    if (const auto tasks = SlurmTasksOnNode(*list, *node)) return LauncherFact{absl::StrCat(*tasks), name};
  }
  return std::nullopt;
}

// Rank 0 runs on the first host of the step. SLURM_LAUNCH_NODE_IPADDR is where srun was called, which may be a login
// node, so it comes second.
std::optional<LauncherFact> HostOfRankZero(const Environment& environment) {
  for (const char* name : {"SLURM_STEP_NODELIST", "SLURM_NODELIST"}) {
    const std::string* list = environment.Find(name);
    if (list == nullptr) continue;
    if (const auto host = FirstSlurmHost(*list)) return LauncherFact{*host, name};
  }
  return FirstFact(environment, {"SLURM_LAUNCH_NODE_IPADDR"});
}

}  // namespace

SlurmPlace PlaceFromSlurm(const Environment& environment) {
  const std::string* address = environment.Find("SLURM_TOPOLOGY_ADDR");
  const std::string* pattern = environment.Find("SLURM_TOPOLOGY_ADDR_PATTERN");
  if (address == nullptr || pattern == nullptr) return {};
  // "switch.switch.node". A node's name may have dots of its own.
  const std::vector<absl::string_view> kinds = absl::StrSplit(*pattern, '.');
  const size_t num_switches = kinds.size() - 1;
  const std::vector<absl::string_view> names = absl::StrSplit(*address, absl::MaxSplits('.', num_switches));
  if (kinds.back() != "node" || names.size() != kinds.size()) return {};
  return {absl::StrJoin(absl::MakeConstSpan(names).first(num_switches), "/"), std::string(names.back())};
}

LauncherFacts FactsFromSlurm(const Environment& environment, std::optional<int> port) {
  LauncherFacts facts;
  facts.family = "Slurm";
  if (!IsStartedBySrun(environment)) return facts;
  facts.rank = FirstFact(environment, {"SLURM_PROCID"});
  facts.size = FirstFact(environment, {"SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_NPROCS"});
  facts.local_rank = FirstFact(environment, {"SLURM_LOCALID"});
  facts.local_size = LocalSize(environment);

  const auto job = FirstFact(environment, {"SLURM_JOB_ID", "SLURM_JOBID"});
  const auto step = FirstFact(environment, {"SLURM_STEP_ID", "SLURM_STEPID"});
  if (!job) return facts;
  facts.job_id =
      LauncherFact{absl::StrCat("slurm:", job->text, ".", step->text), absl::StrCat(job->origin, ", ", step->origin)};

  const bool one_host = facts.size && facts.local_size && facts.size->text == facts.local_size->text;
  const std::optional<LauncherFact> host =
      one_host ? LauncherFact{"127.0.0.1", "all ranks are on one host"} : HostOfRankZero(environment);
  if (!host) return facts;
  facts.rendezvous = LauncherFact{TcpRendezvous(host->text, port ? *port : DerivePort(facts.job_id->text)),
                                  absl::StrCat(host->origin, port ? "; TUTTI_PORT" : "; port derived from the job id")};
  return facts;
}

}  // namespace tutti
