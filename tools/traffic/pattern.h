// SPDX-License-Identifier: Apache-2.0
// Whether what is sent makes rings or trees. It knows only who sends to whom.
#ifndef TUTTI_TOOLS_TRAFFIC_PATTERN_H_
#define TUTTI_TOOLS_TRAFFIC_PATTERN_H_

#include <string>
#include <vector>

#include "tools/traffic/traffic.h"

namespace tutti::traffic {

enum class PatternKind : uint8_t {
  kOther,
  kRings,      // each sends to one other, and receives from one
  kTreesDown,  // each receives from one at most: from roots to leaves
  kTreesUp,    // each sends to one at most: from leaves to roots
  kTreesBoth,  // the same tree up and down
};

struct Tree {
  int unit = 0;
  std::vector<Tree> children;
};

struct Pattern {
  PatternKind kind = PatternKind::kOther;
  std::vector<std::vector<int>> rings;  // each begins with its lowest
  std::vector<Tree> trees;
};

// Of the flows alone: units without one are in no ring or tree. A tree that goes both ways has no root of its own; it
// is shown from `root` if that is in it, else from its lowest.
Pattern PatternOf(const std::vector<Flow>& flows, int num_units, int root);

// Whole lines, "ring: 0 > 1 > 2 > 0", of two "pair: 0 <> 1". A tree's line goes on where one child follows, and
// children are under their parent where there are several. "" for kOther.
std::string PatternText(const Pattern& pattern);

}  // namespace tutti::traffic

#endif  // TUTTI_TOOLS_TRAFFIC_PATTERN_H_
