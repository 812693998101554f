// SPDX-License-Identifier: Apache-2.0
// The modelled cluster: what paths and processors cost, which ranks share what, and what is broken.
//
// Ranks lie on hosts, hosts in racks, racks in pods. Two ranks' path has the class of the smallest of these that holds
// both. A path's message costs (names of LogGP, Alexandrov et al. 1995, in brackets):
//
//   sender's processor   send_ps + bytes x send_ps_per_byte             [o]
//   each port and link   gap_ps + bytes / its bandwidth, one after the other   [g, G]
//   the way              latency_ps                                      [L]
//   receiver's processor receive_ps + bytes x receive_ps_per_byte        [o]
#ifndef TUTTI_COLLECTIVES_SIMULATE_CLUSTER_H_
#define TUTTI_COLLECTIVES_SIMULATE_CLUSTER_H_

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "collectives/schedule/levels.h"
#include "collectives/simulate/noise.h"

namespace tutti::simulate {

enum class PathClass : uint8_t { kHost = 0, kRack = 1, kPod = 2, kFar = 3 };
inline constexpr int kNumPathClasses = 4;
const char* PathClassName(PathClass path);  // "host", "rack", "pod", "far"

struct PathCost {
  int64_t latency_ps = 0;
  int64_t send_ps = 0;
  int64_t receive_ps = 0;
  double send_ps_per_byte = 0;
  double receive_ps_per_byte = 0;
  int64_t gap_ps = 0;
  double ps_per_byte = 0;  // of the ports at both ends
  // Longer messages are sent when the receiver has asked for them: one more way there and back, after the receive begins.
  uint64_t eager_bytes = std::numeric_limits<uint64_t>::max();

  friend bool operator==(const PathCost&, const PathCost&) = default;
};

// What a codec costs, for schedules that encode: time for each byte of the values, and what is left of the bytes. Without
// knowing the codec, a pass over the values and no gain.
struct CodecCost {
  double encode_ps_per_byte = 80;
  double decode_ps_per_byte = 80;
  double decode_reduce_ps_per_byte = 80;
  double encoded_share = 1;  // bytes of codes, by those of the values; headers of messages are not modelled
};

// How many times as long bytes take that come from memory, because what the ranks of a host work on together does not fit its
// caches. That begins at a quarter of cache_bytes (others use caches, too, and not everything lies where it would fit), and is
// complete a little above all of it; in between it goes about with the logarithm.
struct Uncached {
  uint64_t cache_bytes = 0;  // largest caches of a host; 0: not known, and nothing is ever uncached
  double messages = 1;       // bytes on the processors of both ends
  double reduce = 1;
  double copy = 1;

  // 0: all from caches, 1: all from memory.
  double ShareOf(uint64_t bytes) const;
};

// What ranks and paths cost; measured by calibration.
struct Costs {
  std::array<PathCost, kNumPathClasses> paths;  // by PathClass
  int64_t call_ps = 0;                          // from a rank's call to its first step
  double reduce_ps_per_byte = 0;                // of one operand
  double copy_ps_per_byte = 0;
  Uncached uncached;
  CodecCost codec;
  Noise noise;  // of each step on a processor

  // Of a common cluster: 2 us and 25 GB/s between hosts, 0.5 us and 10 GB/s inside, nothing ever late.
  static Costs Default();
};

struct LinkFault {
  enum class Level : uint8_t { kHost, kRack, kPod };
  Level level = Level::kHost;
  int index = 0;
  bool out = true;
  bool in = true;
  double bandwidth_factor = 1;  // of what it has when well; > 0
  // Down in [from, until): what is on it waits. Nothing if from == until.
  int64_t down_from_ps = 0;
  int64_t down_until_ps = 0;
};

struct SlowHost {
  int host = 0;
  double factor = 1;  // processors take so many times as long
};

struct LateRank {
  int rank = 0;
  int64_t by_ps = 0;
};

struct ClusterSpec {
  int ranks_per_host = 1;
  std::vector<int> hosts;            // ranks on each, instead of ranks_per_host; empty: none given
  int hosts_per_rack = 0;            // 0: one rack holds all
  int racks_per_pod = 0;             // 0: one pod holds all
  int cores_per_host = 0;            // processors that its ranks share; 0: one for each rank
  int64_t switch_ps = 0;             // a processor goes from one rank to another
  double rack_oversubscription = 1;  // what a rack's hosts can send, by what its link to other racks carries
  double pod_oversubscription = 1;
  Costs costs = Costs::Default();
  Noise arrival;  // when ranks call
  std::vector<LateRank> late;
  std::vector<SlowHost> slow;
  std::vector<LinkFault> faults;
};

// A thing that carries one message after the other.
struct Link {
  std::string name;  // "host 3 out"
  double ps_per_byte = 0;
  int64_t down_from_ps = 0;
  int64_t down_until_ps = 0;
};

// The links of one way, in order; at most six.
struct Path {
  PathClass path_class = PathClass::kHost;
  int num_links = 0;
  std::array<uint32_t, 6> links{};
};

class Cluster {
 public:
  // InvalidArgument: a sentence that names the setting, e.g. hosts for another number of ranks.
  static absl::StatusOr<Cluster> Make(const ClusterSpec& spec, int num_ranks);

  const ClusterSpec& spec() const { return spec_; }
  int num_ranks() const { return static_cast<int>(host_of_.size()); }
  int num_hosts() const { return num_hosts_; }
  int num_racks() const { return num_racks_; }
  int num_pods() const { return num_pods_; }
  int HostOf(int rank) const { return host_of_[static_cast<size_t>(rank)]; }
  int RackOf(int host) const { return spec_.hosts_per_rack > 0 ? host / spec_.hosts_per_rack : 0; }
  int PodOf(int rack) const { return spec_.racks_per_pod > 0 ? rack / spec_.racks_per_pod : 0; }
  // Hosts, racks and pods, without what says nothing of these ranks.
  const Levels& levels() const { return levels_; }
  const std::vector<Link>& links() const { return links_; }
  Path PathOf(int from, int to) const;
  const PathCost& CostOf(PathClass path) const { return spec_.costs.paths[static_cast<size_t>(path)]; }
  double SlownessOf(int host) const { return slowness_[static_cast<size_t>(host)]; }

 private:
  absl::Status PlaceRanks(int num_ranks);
  void FindLevels();
  void AddLinks(const char* what, int count, double ps_per_byte);
  absl::Status Break();

  ClusterSpec spec_;
  int num_hosts_ = 0;
  int num_racks_ = 0;
  int num_pods_ = 0;
  std::vector<int> host_of_;
  Levels levels_;
  std::vector<double> slowness_;
  std::vector<Link> links_;  // pairs out, in: of ranks inside their hosts, then of hosts, racks, pods
};

}  // namespace tutti::simulate

#endif  // TUTTI_COLLECTIVES_SIMULATE_CLUSTER_H_
