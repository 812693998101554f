// SPDX-License-Identifier: Apache-2.0
// What a collective sends on a cluster, from every rank's schedule: bytes and messages between any two, and across the
// borders of hosts, racks and pods. It knows nothing of time.
#ifndef TUTTI_TOOLS_TRAFFIC_TRAFFIC_H_
#define TUTTI_TOOLS_TRAFFIC_TRAFFIC_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "collectives/schedule/shape.h"
#include "collectives/simulate/cluster.h"
#include "collectives/simulate/workload.h"

namespace tutti::traffic {

// What is looked at as one, from the smallest.
enum class Unit : uint8_t { kRank, kHost, kRack, kPod };
inline constexpr int kNumUnits = 4;
const char* UnitName(Unit unit);  // "rank", "host", "rack", "pod"

int NumUnits(const simulate::Cluster& cluster, Unit unit);
// The number of the unit that a rank is in.
int UnitOf(const simulate::Cluster& cluster, Unit unit, int rank);

// The smallest of which there are at most `most`; pods if there are more of all.
Unit SmallestUnit(const simulate::Cluster& cluster, int most);

struct Amount {
  uint64_t bytes = 0;
  uint64_t messages = 0;

  void Add(const Amount& more) {
    bytes += more.bytes;
    messages += more.messages;
  }
  friend bool operator==(const Amount&, const Amount&) = default;
};

// From one unit to another; not inside one.
struct Flow {
  int from = 0;
  int to = 0;
  simulate::PathClass path = simulate::PathClass::kHost;  // the smallest place that holds both ends
  Amount amount;
};

// What leaves and what enters one host, rack or pod.
struct Border {
  Amount out;
  Amount in;
};

struct Traffic {
  Unit unit = Unit::kRank;
  int num_units = 0;
  std::vector<Flow> flows;                                // by from, then to
  std::array<Amount, simulate::kNumPathClasses> by_path;  // all messages, by the smallest place that holds both ranks
  std::array<std::vector<Border>, kNumUnits> borders;     // by Unit and number; none of ranks

  // The one with most bytes out, and the one with most in; 0 where there is no traffic.
  int MostOut(Unit what) const;
  int MostIn(Unit what) const;
};

// ResourceExhausted: the schedules have too many steps to be looked at one by one.
absl::StatusOr<Traffic> TrafficOf(const Shape& shape, simulate::BuildSchedule build, const simulate::Cluster& cluster,
                                  Unit unit);

}  // namespace tutti::traffic

#endif  // TUTTI_TOOLS_TRAFFIC_TRAFFIC_H_
