// SPDX-License-Identifier: Apache-2.0
// torchrun, and everything else that sets the variables of torch.distributed's "env://".
#include "absl/strings/str_cat.h"
#include "lib/bootstrap/launcher.h"
#include "lib/bootstrap/launcher_facts.h"

namespace tutti {

LauncherFacts FactsFromTorchrun(const Environment& environment, std::optional<int> port) {
  LauncherFacts facts;
  facts.family = "torchrun";
  facts.rank = FirstFact(environment, {"RANK"});
  facts.size = FirstFact(environment, {"WORLD_SIZE"});
  facts.local_rank = FirstFact(environment, {"LOCAL_RANK"});
  facts.local_size = FirstFact(environment, {"LOCAL_WORLD_SIZE"});

  const std::string* run_id = environment.Find("TORCHELASTIC_RUN_ID");
  const std::string* restarts = environment.Find("TORCHELASTIC_RESTART_COUNT");
  if (run_id != nullptr) {
    // A restarted group is a new job: the processes of the former one must not be let in.
    facts.job_id = LauncherFact{absl::StrCat("torchrun:", *run_id, ".", restarts == nullptr ? "0" : *restarts),
                                "TORCHELASTIC_RUN_ID, TORCHELASTIC_RESTART_COUNT"};
  }

  const std::string* host = environment.Find("MASTER_ADDR");
  const std::string* master_port = environment.Find("MASTER_PORT");
  if (host == nullptr || (master_port == nullptr && !port)) return facts;
  if (port) {
    facts.rendezvous = LauncherFact{TcpRendezvous(*host, *port), "MASTER_ADDR, TUTTI_PORT"};
    return facts;
  }
  // MASTER_PORT itself belongs to torch.distributed's store: torchrun's agent listens there already if
  // TORCHELASTIC_USE_AGENT_STORE says so ("True"), and otherwise rank 0 does once init_process_group is called in this
  // very process. So a neighbour of it is derived, the same on all ranks.
  const std::string seed = absl::StrCat(*master_port, "/", facts.job_id ? facts.job_id->text : "");
  facts.rendezvous = LauncherFact{TcpRendezvous(*host, DerivePort(seed)),
                                  "MASTER_ADDR; port derived from MASTER_PORT, which torch.distributed uses itself"};
  return facts;
}

}  // namespace tutti
