// SPDX-License-Identifier: Apache-2.0
// tutti-bench: measures collectives, or codecs. Under a launcher this process is one rank; with --ranks it starts the
// ranks itself.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "bench/codec/run.h"
#include "bench/tutti-bench/options.h"
#include "bench/tutti-bench/run.h"
#include "tools/launch/supervisor.h"

namespace {

constexpr int kUsageStatus = 2;

// The variable by which a launcher has made this process a rank; nullptr if none has.
const char* LaunchersVariable() {
  for (const char* name : {"TUTTI_RANK", "TUTTI_SIZE", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    if (std::getenv(name) != nullptr) return name;
  }
  if (std::getenv("RANK") != nullptr && std::getenv("WORLD_SIZE") != nullptr) return "RANK";
  // Slurm sets SLURM_PROCID in batch scripts as well; only in a step it makes a rank.
  if (std::getenv("SLURM_STEP_ID") != nullptr && std::getenv("SLURM_PROCID") != nullptr) return "SLURM_PROCID";
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "codec") return tutti::bench::RunCodecBench(argc - 1, argv + 1);
  int status = 0;
  const auto options = tutti::bench::ParseOptions(argc, argv, &status);
  if (!options) return status;

  const char* launcher = LaunchersVariable();
  if (launcher != nullptr && options->ranks == 0) return tutti::bench::RunRank(*options);
  if (launcher != nullptr) {
    std::fprintf(stderr, "tutti-bench: a launcher has started this process already (%s is set): leave --ranks out\n",
                 launcher);
    return kUsageStatus;
  }
  if (options->ranks == 0) {
    std::fprintf(stderr,
                 "tutti-bench: how many ranks? Give --ranks N, or start it with tutti-run or another launcher\n");
    return kUsageStatus;
  }
  // Before any call of tutti: a process that has threads cannot fork itself well.
  tutti::launch::JobOptions job;
  job.name = "tutti-bench";
  job.size = options->ranks;
  job.prefix_output = false;
  tutti::launch::Program program;
  program.function = [&] { return tutti::bench::RunRank(*options); };
  return tutti::launch::RunJob(job, program);
}
