// SPDX-License-Identifier: Apache-2.0
// The command line that the driver gives to every rank of every library, and nobody types.
#ifndef TUTTI_BENCH_PEERS_LOOP_OPTIONS_H_
#define TUTTI_BENCH_PEERS_LOOP_OPTIONS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "bench/peers/loop/library.h"
#include "bench/peers/loop/loop.h"

namespace tutti::peers {

struct Options {
  Place place;
  std::string variant;
  std::string region;         // the shared file; "": only start the library, say its version and end
  std::string output;         // where rank 0 appends a line of JSON per size
  std::vector<int> cores;     // rank r is bound to core r modulo their number
  std::vector<size_t> sizes;  // bytes
  unsigned limit_s = 300;     // the kernel then ends the process, whatever it does
  LoopSettings loop;
};

// Throws std::runtime_error with a sentence if it is not understood.
Options ParseOptions(int argc, char** argv);

}  // namespace tutti::peers

#endif  // TUTTI_BENCH_PEERS_LOOP_OPTIONS_H_
