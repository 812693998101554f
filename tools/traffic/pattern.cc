// SPDX-License-Identifier: Apache-2.0
#include "tools/traffic/pattern.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tutti::traffic {
namespace {

using Neighbours = std::vector<std::vector<int>>;

bool AllHave(const Neighbours& neighbours, size_t most) {
  return std::all_of(neighbours.begin(), neighbours.end(), [most](const auto& of) { return of.size() <= most; });
}

bool IsInFlow(const Neighbours& to, const Neighbours& from, size_t unit) {
  return !to[unit].empty() || !from[unit].empty();
}

std::vector<std::vector<int>> RingsOf(const Neighbours& to) {
  std::vector<std::vector<int>> rings;
  std::vector<bool> seen(to.size(), false);
  for (size_t first = 0; first < to.size(); ++first) {
    if (seen[first] || to[first].empty()) continue;
    std::vector<int> ring;
    for (size_t unit = first; !seen[unit]; unit = static_cast<size_t>(to[unit][0])) {
      seen[unit] = true;
      ring.push_back(static_cast<int>(unit));
    }
    rings.push_back(std::move(ring));
  }
  return rings;
}

// What hangs on a unit, without the one that it was reached from. False: a unit was met twice, so it is no tree.
bool Grow(const Neighbours& children, int unit, int parent, std::vector<bool>* seen, Tree* tree) {
  if ((*seen)[static_cast<size_t>(unit)]) return false;
  (*seen)[static_cast<size_t>(unit)] = true;
  tree->unit = unit;
  for (const int child : children[static_cast<size_t>(unit)]) {
    if (child == parent) continue;
    tree->children.emplace_back();
    if (!Grow(children, child, unit, seen, &tree->children.back())) return false;
  }
  return true;
}

// All trees from these roots; none if a unit in a flow is in no tree, or in two.
std::vector<Tree> TreesFrom(const std::vector<int>& roots, const Neighbours& children, const Neighbours& to,
                            const Neighbours& from) {
  std::vector<bool> seen(children.size(), false);
  std::vector<Tree> trees;
  for (const int root : roots) {
    if (seen[static_cast<size_t>(root)]) continue;
    trees.emplace_back();
    if (!Grow(children, root, -1, &seen, &trees.back())) return {};
  }
  for (size_t unit = 0; unit < seen.size(); ++unit) {
    if (!seen[unit] && IsInFlow(to, from, unit)) return {};
  }
  return trees;
}

// Units in a flow that have no parent, by the list of parents.
std::vector<int> RootsOf(const Neighbours& parents, const Neighbours& children) {
  std::vector<int> roots;
  for (size_t unit = 0; unit < parents.size(); ++unit) {
    if (parents[unit].empty() && !children[unit].empty()) roots.push_back(static_cast<int>(unit));
  }
  return roots;
}

void AppendTree(const Tree& tree, size_t depth, std::string* text) {
  absl::StrAppend(text, std::string(2 * depth, ' '), tree.unit);
  const Tree* last = &tree;
  for (; last->children.size() == 1; last = &last->children[0]) absl::StrAppend(text, " > ", last->children[0].unit);
  absl::StrAppend(text, "\n");
  for (const Tree& child : last->children) AppendTree(child, depth + 1, text);
}

}  // namespace

Pattern PatternOf(const std::vector<Flow>& flows, int num_units, int root) {
  Pattern pattern;
  if (flows.empty()) return pattern;
  Neighbours to(static_cast<size_t>(num_units));
  Neighbours from(static_cast<size_t>(num_units));
  for (const Flow& flow : flows) {
    to[static_cast<size_t>(flow.from)].push_back(flow.to);
    from[static_cast<size_t>(flow.to)].push_back(flow.from);
  }
  for (Neighbours* neighbours : {&to, &from}) {
    for (std::vector<int>& of : *neighbours) std::sort(of.begin(), of.end());
  }
  const auto found = [&pattern](PatternKind kind, std::vector<Tree> trees) {
    if (trees.empty()) return false;
    pattern.kind = kind;
    pattern.trees = std::move(trees);
    return true;
  };
  const bool one_to = AllHave(to, 1);
  const bool one_from = AllHave(from, 1);
  bool all_do_both = true;
  for (size_t unit = 0; unit < to.size(); ++unit) all_do_both = all_do_both && to[unit].empty() == from[unit].empty();
  if (one_to && one_from && all_do_both) {
    pattern.kind = PatternKind::kRings;
    pattern.rings = RingsOf(to);
    return pattern;
  }
  if (one_from && found(PatternKind::kTreesDown, TreesFrom(RootsOf(from, to), to, to, from))) return pattern;
  if (one_to && found(PatternKind::kTreesUp, TreesFrom(RootsOf(to, from), from, to, from))) return pattern;
  if (to == from) {
    std::vector<int> roots = {root};
    for (int unit = 0; unit < num_units; ++unit) roots.push_back(unit);
    const auto outside = [&](int unit) { return !IsInFlow(to, from, static_cast<size_t>(unit)); };
    roots.erase(std::remove_if(roots.begin(), roots.end(), outside), roots.end());
    (void)found(PatternKind::kTreesBoth, TreesFrom(roots, to, to, from));
  }
  return pattern;
}

std::string PatternText(const Pattern& pattern) {
  std::string text;
  for (const std::vector<int>& ring : pattern.rings) {
    if (ring.size() == 2) {
      absl::StrAppend(&text, "pair: ", ring[0], " <> ", ring[1], "\n");
      continue;
    }
    absl::StrAppend(&text, "ring: ", absl::StrJoin(ring, " > "), " > ", ring[0], "\n");
  }
  const char* const way = pattern.kind == PatternKind::kTreesDown ? "tree, down from its root"
                          : pattern.kind == PatternKind::kTreesUp ? "tree, up to its root"
                                                                  : "tree, up and down";
  for (const Tree& tree : pattern.trees) {
    absl::StrAppend(&text, way, ":\n");
    AppendTree(tree, 1, &text);
  }
  return text;
}

}  // namespace tutti::traffic
