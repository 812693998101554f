// SPDX-License-Identifier: Apache-2.0
// Open MPI's mpirun, and PMI launchers: MPICH's Hydra, Intel MPI, Cray PALS.
//
// None of them names a host and port that all ranks could meet at. Where all ranks are on one host they meet in a file;
// elsewhere TUTTI_RENDEZVOUS must be given.
#include "absl/strings/str_cat.h"
#include "lib/bootstrap/launcher.h"
#include "lib/bootstrap/launcher_facts.h"

namespace tutti {
namespace {

// job: an id that the whole job shares. Without one, ranks on one host still share their parent, the launcher's daemon,
// unless each is wrapped in a shell of its own.
void MeetInFile(const Environment& environment, absl::string_view prefix, const std::optional<LauncherFact>& job,
                LauncherFacts* facts) {
  if (job) facts->job_id = LauncherFact{absl::StrCat(prefix, ":", job->text), job->origin};
  if (!facts->complete() || !facts->local_size || facts->local_size->text != facts->size->text) return;
  const std::string key =
      job ? absl::StrCat(prefix, "-", job->text) : absl::StrCat(prefix, "-parent-", environment.parent_pid);
  facts->rendezvous =
      LauncherFact{absl::StrCat("file://", PrivateRendezvousPath(environment, key)),
                   absl::StrCat("all ranks are on one host; named after ", job ? job->origin : "the parent process")};
}

}  // namespace

LauncherFacts FactsFromOpenMpi(const Environment& environment) {
  LauncherFacts facts;
  facts.family = "Open MPI";
  facts.rank = FirstFact(environment, {"OMPI_COMM_WORLD_RANK"});
  facts.size = FirstFact(environment, {"OMPI_COMM_WORLD_SIZE"});
  facts.local_rank = FirstFact(environment, {"OMPI_COMM_WORLD_LOCAL_RANK"});
  facts.local_size = FirstFact(environment, {"OMPI_COMM_WORLD_LOCAL_SIZE"});
  MeetInFile(environment, "ompi",
             FirstFact(environment, {"PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "OMPI_MCA_orte_ess_jobid"}), &facts);
  return facts;
}

LauncherFacts FactsFromPmi(const Environment& environment) {
  LauncherFacts facts;
  facts.family = "PMI";
  facts.rank = FirstFact(environment, {"PMI_RANK"});
  facts.size = FirstFact(environment, {"PMI_SIZE"});
  facts.local_rank = FirstFact(environment, {"MPI_LOCALRANKID", "PMI_LOCAL_RANK"});
  facts.local_size = FirstFact(environment, {"MPI_LOCALNRANKS", "PMI_LOCAL_SIZE"});
  MeetInFile(environment, "pmi", FirstFact(environment, {"PALS_APID", "PMI_JOBID"}), &facts);
  return facts;
}

}  // namespace tutti
