// SPDX-License-Identifier: Apache-2.0
// Binds threads to cores.
#ifndef TUTTI_BENCH_PEERS_LOOP_PIN_H_
#define TUTTI_BENCH_PEERS_LOOP_PIN_H_

#include <string>
#include <vector>

namespace tutti::peers {

// Binds the calling thread, and all that it starts later, to one core. Throws std::runtime_error if it may not run
// there.
void PinTo(int core);

// "0,1,5" to numbers. Throws std::runtime_error for anything else.
std::vector<int> ParseCores(const std::string& text);

}  // namespace tutti::peers

#endif  // TUTTI_BENCH_PEERS_LOOP_PIN_H_
