// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/barrier/tree.h"

#include <utility>
#include <vector>

#include "collectives/patterns/knomial_tree.h"
#include "collectives/schedule/builder.h"

namespace tutti::barrier {
namespace {

constexpr int kRadix = 4;

}  // namespace

Schedule BuildTree(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const KnomialTree tree = KnomialTreeOf(shape.num_ranks, /*root=*/0, kRadix, rank);
  std::vector<ScheduleBuilder::StepId> heard;
  for (auto child = tree.children.rbegin(); child != tree.children.rend(); ++child) {
    heard.push_back(builder.Recv(child->rank, Output(0, 0)));
  }
  if (tree.parent >= 0) {
    const ScheduleBuilder::StepId released = builder.Recv(tree.parent, Output(0, 0));
    builder.Send(tree.parent, Input(0, 0), heard);
    heard.assign(1, released);
  }
  for (const KnomialTree::Child& child : tree.children) builder.Send(child.rank, Input(0, 0), heard);
  return std::move(builder).Build();
}

}  // namespace tutti::barrier
