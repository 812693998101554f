// SPDX-License-Identifier: Apache-2.0
#include "collectives/simulate/cluster.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti::simulate {
namespace {

uint32_t OutLink(int first, int index) { return static_cast<uint32_t>(2 * (first + index)); }
uint32_t InLink(int first, int index) { return OutLink(first, index) + 1; }

}  // namespace

const char* PathClassName(PathClass path) {
  switch (path) {
    case PathClass::kHost:
      return "host";
    case PathClass::kRack:
      return "rack";
    case PathClass::kPod:
      return "pod";
    case PathClass::kFar:
      return "far";
  }
  return "unknown";
}

Costs Costs::Default() {
  Costs costs;
  PathCost inside;
  inside.latency_ps = 500 * kPsPerNs;
  inside.send_ps = inside.receive_ps = 200 * kPsPerNs;
  inside.gap_ps = 100 * kPsPerNs;
  inside.ps_per_byte = 100;
  PathCost between;
  between.latency_ps = 2 * kPsPerUs;
  between.send_ps = between.receive_ps = 400 * kPsPerNs;
  between.gap_ps = 100 * kPsPerNs;
  between.ps_per_byte = 40;
  PathCost pod = between;
  pod.latency_ps = 3 * kPsPerUs;
  PathCost far = between;
  far.latency_ps = 5 * kPsPerUs;
  costs.paths = {inside, between, pod, far};
  costs.call_ps = 500 * kPsPerNs;
  costs.reduce_ps_per_byte = 80;
  costs.copy_ps_per_byte = 80;
  return costs;
}

absl::Status Cluster::PlaceRanks(int num_ranks) {
  if (num_ranks < 1) return absl::InvalidArgumentError(absl::StrCat("a job has 1 rank or more, not ", num_ranks));
  if (spec_.hosts.empty()) {
    for (int r = 0; r < num_ranks; ++r) host_of_.push_back(r / spec_.ranks_per_host);
  } else {
    for (size_t h = 0; h < spec_.hosts.size(); ++h) {
      host_of_.insert(host_of_.end(), static_cast<size_t>(spec_.hosts[h]), static_cast<int>(h));
    }
    if (host_of_.size() < static_cast<size_t>(num_ranks)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"hosts\" has places for ", host_of_.size(), " ranks, but the job has ", num_ranks));
    }
    host_of_.resize(static_cast<size_t>(num_ranks));
  }
  num_hosts_ = host_of_.back() + 1;
  num_racks_ = RackOf(num_hosts_ - 1) + 1;
  num_pods_ = PodOf(num_racks_ - 1) + 1;
  return absl::OkStatus();
}

void Cluster::AddLinks(const char* what, int count, double ps_per_byte) {
  for (int i = 0; i < count; ++i) {
    links_.push_back({absl::StrCat(what, " ", i, " out"), ps_per_byte, 0, 0});
    links_.push_back({absl::StrCat(what, " ", i, " in"), ps_per_byte, 0, 0});
  }
}

absl::Status Cluster::Break() {
  for (const LinkFault& fault : spec_.faults) {
    const bool of_host = fault.level == LinkFault::Level::kHost;
    const bool of_rack = fault.level == LinkFault::Level::kRack;
    const int count = of_host ? num_hosts_ : of_rack ? num_racks_ : num_pods_;
    const int first = num_ranks() + (of_host ? 0 : of_rack ? num_hosts_ : num_hosts_ + num_racks_);
    if (fault.index < 0 || fault.index >= count) {
      return absl::InvalidArgumentError(absl::StrCat("\"faults\" names ",
                                                     of_host   ? "host "
                                                     : of_rack ? "rack "
                                                               : "pod ",
                                                     fault.index, ", but there are ", count, " (counted from 0)"));
    }
    for (const bool out : {true, false}) {
      if (!(out ? fault.out : fault.in)) continue;
      Link& link = links_[out ? OutLink(first, fault.index) : InLink(first, fault.index)];
      link.ps_per_byte /= fault.bandwidth_factor;
      link.down_from_ps = fault.down_from_ps;
      link.down_until_ps = fault.down_until_ps;
    }
  }
  for (const SlowHost& slow : spec_.slow) {
    if (slow.host < 0 || slow.host >= num_hosts_) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"slow\" names host ", slow.host, ", but there are ", num_hosts_, " (counted from 0)"));
    }
    slowness_[static_cast<size_t>(slow.host)] *= slow.factor;
  }
  for (const LateRank& late : spec_.late) {
    if (late.rank < 0 || late.rank >= num_ranks()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"late\" names rank ", late.rank, ", but there are ", num_ranks(), " (counted from 0)"));
    }
  }
  return absl::OkStatus();
}

double Uncached::ShareOf(uint64_t bytes) const {
  constexpr double kBegins = 0.25;    // of the caches
  constexpr double kDoublings = 2.3;  // until all comes from memory: 1.23 times the caches
  double times = static_cast<double>(bytes) / std::max(1.0, kBegins * static_cast<double>(cache_bytes));
  if (cache_bytes == 0 || times <= 1) return 0;
  double doublings = 0;  // a straight line from each to the next: the same with every library of mathematics
  for (; times >= 2; times /= 2) ++doublings;
  return std::min(1.0, (doublings + times - 1) / kDoublings);
}

absl::StatusOr<Cluster> Cluster::Make(const ClusterSpec& spec, int num_ranks) {
  Cluster cluster;
  cluster.spec_ = spec;
  if (absl::Status status = cluster.PlaceRanks(num_ranks); !status.ok()) return status;
  cluster.FindLevels();
  cluster.slowness_.assign(static_cast<size_t>(cluster.num_hosts_), 1.0);
  const double port = cluster.CostOf(PathClass::kRack).ps_per_byte;
  const double rack =
      port * spec.rack_oversubscription / std::max(1, std::min(spec.hosts_per_rack, cluster.num_hosts_));
  const double pod = rack * spec.pod_oversubscription / std::max(1, std::min(spec.racks_per_pod, cluster.num_racks_));
  cluster.AddLinks("rank", num_ranks, cluster.CostOf(PathClass::kHost).ps_per_byte);
  cluster.AddLinks("host", cluster.num_hosts_, port);
  cluster.AddLinks("rack", cluster.num_racks_, rack);
  cluster.AddLinks("pod", cluster.num_pods_, pod);
  if (absl::Status status = cluster.Break(); !status.ok()) return status;
  return cluster;
}

void Cluster::FindLevels() {
  Levels all;
  all.groups = host_of_;
  all.wider.resize(2);
  std::vector<int> ranks(host_of_.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  for (const int host : host_of_) {
    all.wider[0].push_back(RackOf(host));
    all.wider[1].push_back(PodOf(RackOf(host)));
  }
  levels_ = all.Among(ranks);
}

Path Cluster::PathOf(int from, int to) const {
  Path path;
  const auto add = [&](uint32_t link) { path.links[static_cast<size_t>(path.num_links++)] = link; };
  const int host_from = HostOf(from);
  const int host_to = HostOf(to);
  if (host_from == host_to) {
    add(OutLink(0, from));
    add(InLink(0, to));
    return path;
  }
  const int hosts = num_ranks();
  const int racks = hosts + num_hosts_;
  const int pods = racks + num_racks_;
  const int rack_from = RackOf(host_from);
  const int rack_to = RackOf(host_to);
  path.path_class = rack_from == rack_to                 ? PathClass::kRack
                    : PodOf(rack_from) == PodOf(rack_to) ? PathClass::kPod
                                                         : PathClass::kFar;
  add(OutLink(hosts, host_from));
  if (path.path_class >= PathClass::kPod) add(OutLink(racks, rack_from));
  if (path.path_class == PathClass::kFar) {
    add(OutLink(pods, PodOf(rack_from)));
    add(InLink(pods, PodOf(rack_to)));
  }
  if (path.path_class >= PathClass::kPod) add(InLink(racks, rack_to));
  add(InLink(hosts, host_to));
  return path;
}

}  // namespace tutti::simulate
