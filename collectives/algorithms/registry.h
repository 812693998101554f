// SPDX-License-Identifier: Apache-2.0
// Every algorithm the library has, by collective. A new one is a file in its operation's folder and a line in
// registry.cc.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REGISTRY_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REGISTRY_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "collectives/schedule/window_program.h"

namespace tutti {

struct Algorithm {
  Collective collective;
  uint8_t id;           // stable within the collective, < 64; travels in message signatures
  const char* name;     // as in TUTTI_ALGORITHM and options.algorithm
  const char* summary;  // one line: idea and cost
  // Pure: the same arguments give the same schedule. Works for every num_ranks >= 1, count >= 0 and root.
  Schedule (*build)(const Shape& shape, int rank);
  // The same for ranks that share memory, or nullptr: build then gives its lowered form.
  WindowProgram (*window)(const Shape& shape, int rank) = nullptr;
  // Whether build understands Shape::blocks.
  bool takes_uneven_blocks = false;
  // Of reductions: whether results are r0 op r1 op r2 ... whatever the root, so that an operation need not commute.
  bool keeps_rank_order = false;
};

// Never empty.
absl::Span<const Algorithm> Algorithms(Collective collective);

// Those that need a codec. Their ids are other ones than those of the collective's plain algorithms. Empty for
// collectives that have none.
absl::Span<const Algorithm> EncodedAlgorithms(Collective collective);

// Of both kinds; nullptr if there is none of that number.
const Algorithm* AlgorithmOf(Collective collective, uint8_t id);

// Of the plain ones; nullptr if there is none of that name.
const Algorithm* FindAlgorithm(Collective collective, absl::string_view name);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REGISTRY_H_
