// SPDX-License-Identifier: Apache-2.0
// Which groups there are, so that an interpreter that ends can leave them in good order.
#include <mutex>
#include <vector>

#include "process_group.h"

namespace tutti_torch {
namespace {

struct LiveGroups {
  std::mutex mutex;
  std::vector<c10::weak_intrusive_ptr<ProcessGroupTutti>> groups;
};

// Never destroyed: groups may outlive the end of main.
LiveGroups& TheLiveGroups() {
  static LiveGroups* const live = new LiveGroups;
  return *live;
}

}  // namespace

c10::intrusive_ptr<ProcessGroupTutti> MakeProcessGroup(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                                       std::chrono::milliseconds timeout) {
  auto group = c10::make_intrusive<ProcessGroupTutti>(store, rank, size, timeout);
  std::lock_guard<std::mutex> lock(TheLiveGroups().mutex);
  auto& groups = TheLiveGroups().groups;
  for (size_t i = 0; i < groups.size();) {
    if (!groups[i].expired()) {
      ++i;
      continue;
    }
    std::swap(groups[i], groups.back());
    groups.pop_back();
  }
  groups.emplace_back(group);
  return group;
}

void CloseAllGroups() {
  std::vector<c10::intrusive_ptr<ProcessGroupTutti>> alive;
  {
    std::lock_guard<std::mutex> lock(TheLiveGroups().mutex);
    for (const auto& group : TheLiveGroups().groups) {
      if (auto strong = group.lock()) alive.push_back(std::move(strong));
    }
  }
  for (const auto& group : alive) group->Close();
}

}  // namespace tutti_torch
