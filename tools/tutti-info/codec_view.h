// SPDX-License-Identifier: Apache-2.0
// --explain all_reduce ... --codec: whether a codec pays on the modelled paths, and why.
#ifndef TUTTI_TOOLS_TUTTI_INFO_CODEC_VIEW_H_
#define TUTTI_TOOLS_TUTTI_INFO_CODEC_VIEW_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

#include "collectives/simulate/cluster.h"
#include "tools/cluster/candidates.h"
#include "tools/tutti-info/view.h"

namespace tutti::info {

// Appends to the view what the all_reduce takes with each codec that `text` allows ("int8", "auto:0.01"), beside what it takes
// without, `plain`, whose algorithm is named there. Encoding and decoding are measured on this machine, paths are the spec's.
// An error says what is wrong with the text, or why there is nothing to predict.
absl::Status AppendCodecView(const std::string& text, const cluster::Question& question,
                             const simulate::ClusterSpec& spec, const Choice& plain, View* view);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_CODEC_VIEW_H_
