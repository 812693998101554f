// SPDX-License-Identifier: Apache-2.0
// New communicators out of one: by colour and key, by host.
#include <algorithm>

#include "absl/strings/str_cat.h"

#include "lib/comm/communicator.h"
#include "lib/comm/job.h"

namespace tutti {

// Hosts are told apart by what they call themselves, of which 64 bits of hash are enough.
absl::StatusOr<std::unique_ptr<Communicator>> Communicator::SplitByHost(HostSplit kind, int key) {
  struct Place {
    uint64_t host;
    int64_t kind;
  };
  const Place mine{job_->HostHash(), static_cast<int64_t>(kind)};
  std::vector<Place> all(members_.size());
  const absl::Status status = RunAndWait({.collective = Collective::kAllGather,
                                          .send = &mine,
                                          .recv = all.data(),
                                          .count = sizeof(Place) / sizeof(uint64_t),
                                          .type = DataType::kUint64});
  if (!status.ok()) return status;
  int first = -1;  // rank of this host
  int before = 0;  // ranks of this host that come before this one
  for (int r = 0; r < size(); ++r) {
    const Place& place = all[static_cast<size_t>(r)];
    if (place.kind != mine.kind) {
      return absl::InvalidArgumentError(
          absl::StrCat("rank ", r, " gave type ", place.kind, ", this one ", mine.kind, "; all must give the same"));
    }
    if (place.host != mine.host) continue;
    if (first < 0) first = r;
    if (r < rank_) ++before;
  }
  switch (kind) {
    case HostSplit::kHost:
      return Split(first, key);
    case HostSplit::kAcrossHosts:
      return Split(before, key);
    case HostSplit::kOnePerHost:
      return Split(before == 0 ? 0 : -1, key);
  }
  return absl::InternalError("there is no such way to split");
}

absl::StatusOr<std::unique_ptr<Communicator>> Communicator::Split(int color, int key) {
  struct Place {
    int32_t color;
    int32_t key;
    uint32_t channel;  // for the new communicator, if this rank turns out to be the first of its color
  };
  const Place mine{color, key, job_->channel_numbers().Take()};
  std::vector<Place> all(members_.size());
  const absl::Status status = RunAndWait({.collective = Collective::kAllGather,
                                          .send = &mine,
                                          .recv = all.data(),
                                          .count = sizeof(Place) / sizeof(int32_t),
                                          .type = DataType::kInt32});
  std::vector<int> group;
  for (int r = 0; status.ok() && r < size(); ++r) {
    if (all[static_cast<size_t>(r)].color == color) group.push_back(r);
  }
  if (color < 0 || group.empty() || group.front() != rank_) job_->channel_numbers().Return(mine.channel);
  if (!status.ok()) return status;
  if (color < 0) return nullptr;
  const int first = group.front();
  const uint32_t channel = all[static_cast<size_t>(first)].channel;
  if (channel == 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat(job_->NameOf(members_[static_cast<size_t>(first)]),
                     " has already been the first of as many communicators as a job of this size can tell apart"));
  }

  std::stable_sort(group.begin(), group.end(),
                   [&all](int a, int b) { return all[static_cast<size_t>(a)].key < all[static_cast<size_t>(b)].key; });
  std::vector<int32_t> group_members;
  int group_rank = -1;
  for (int r : group) {
    if (r == rank_) group_rank = static_cast<int>(group_members.size());
    group_members.push_back(members_[static_cast<size_t>(r)]);
  }
  return std::make_unique<Communicator>(job_, channel, std::move(group_members), group_rank);
}

}  // namespace tutti
