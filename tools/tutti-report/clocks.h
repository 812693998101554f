// SPDX-License-Identifier: Apache-2.0
// Puts the times of all ranks on one clock: that of rank 0's host, or of the lowest rank of which there is a file. Ranks of one
// host share a clock. Between hosts, ranks have written down how far others' clocks are ahead, and the error; where there is no
// such word between two hosts, the way leads over others, and the errors add up.
#ifndef TUTTI_TOOLS_TUTTI_REPORT_CLOCKS_H_
#define TUTTI_TOOLS_TUTTI_REPORT_CLOCKS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/tutti-report/records.h"

namespace tutti::report {

class Clocks {
 public:
  explicit Clocks(const Records& records);

  // A time of the rank's clock, by the common one.
  int64_t ToCommon(int32_t job_rank, int64_t ns) const;

  // The error of these. kUnknown: its host was never compared with the others but by the time of day.
  static constexpr int64_t kUnknown = -1;
  int64_t ErrorOf(int32_t job_rank) const;

 private:
  struct Hop {                         // the clock that it leads to is ahead by ...
    std::vector<ClockEntry> readings;  // by time
    int64_t error_ns = 0;              // their median
    bool reversed = false;             // ... of the clock that it starts from: these are the other host's
  };
  struct Route {
    std::vector<Hop> hops;
    int64_t error_ns = 0;
    int64_t day_offset_ns = 0;  // without hops: what the times of day say
    bool known = true;
  };
  const Route& RouteOf(int32_t job_rank) const { return routes_.at(host_of_.at(job_rank)); }

  std::map<int32_t, std::string> host_of_;
  std::map<std::string, Route> routes_;  // by host id, to the common clock
};

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_CLOCKS_H_
