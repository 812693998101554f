// SPDX-License-Identifier: Apache-2.0
// What to do about noisy cores: sentences, the most worthwhile first. Pure.
#ifndef TUTTI_TOOLS_NOISE_ADVICE_H_
#define TUTTI_TOOLS_NOISE_ADVICE_H_

#include <string>
#include <vector>

#include "tools/noise/core_noise.h"
#include "tools/noise/core_time.h"

namespace tutti::noise {

// Never empty: that all is well is a sentence, too.
std::vector<std::string> Advise(const std::vector<CoreNoise>& cores, const HostFacts& facts);

}  // namespace tutti::noise

#endif  // TUTTI_TOOLS_NOISE_ADVICE_H_
