// SPDX-License-Identifier: Apache-2.0
// Breaks schedules at random, the way an author's slip would.
#ifndef TUTTI_TESTS_COLLECTIVES_MUTATION_H_
#define TUTTI_TESTS_COLLECTIVES_MUTATION_H_

#include <string>
#include <vector>

#include "lib/base/prng.h"

#include "collectives/schedule/schedule.h"

namespace tutti {

// Makes one change, and returns its name ("drop dependency") or "" if this draw found nothing to change. The result is
// seldom right, and may be malformed: regions outside their buffers, peers that do not exist, messages without another
// end.
std::string Mutate(Prng& prng, std::vector<Schedule>& schedules);

// All names that Mutate may return.
std::vector<std::string> MutationNames();

}  // namespace tutti

#endif  // TUTTI_TESTS_COLLECTIVES_MUTATION_H_
