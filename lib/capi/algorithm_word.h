// SPDX-License-Identifier: Apache-2.0
// Which algorithms a job uses is agreed once, at rank 0's word: it reads its settings and the table's file, and what it says is
// taken by all ranks, whatever their own settings are. It also says how many cores its host has, which is taken for what every
// host has: all ranks must think alike about whether ranks outnumber cores.
#ifndef TUTTI_LIB_CAPI_ALGORITHM_WORD_H_
#define TUTTI_LIB_CAPI_ALGORITHM_WORD_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "lib/bootstrap/settings.h"
#include "lib/comm/job.h"

namespace tutti {

// What rank 0 says; others' wishes are checked only, and nothing is read. InvalidArgument and NotFound name the setting, and the
// spot in it.
absl::StatusOr<std::string> AlgorithmWord(const JobSettings& settings, int cores);

// Gives the job what rank 0 said. A warning in the log if this rank was told otherwise.
absl::Status TakeAlgorithms(absl::string_view word, const JobSettings& settings, Job& job);

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_ALGORITHM_WORD_H_
