// SPDX-License-Identifier: Apache-2.0
// One question that tutti-sim was asked, and its answer; and the ways to tell it.
#ifndef TUTTI_TOOLS_TUTTI_SIM_POINT_H_
#define TUTTI_TOOLS_TUTTI_SIM_POINT_H_

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"

#include "tools/cluster/candidates.h"

namespace tutti::simtool {

struct Point {
  cluster::Question question;
  Choice choice;
  bool is_library_choice = false;
  absl::StatusOr<simulate::Prediction> prediction;
};

// "12.3 us", "1.5 ms": three digits.
std::string TimeText(int64_t ps);
// "1 MiB", "12 B", "1500 B": whole numbers only.
std::string SizeText(uint64_t bytes);
// "sends 64 KiB to 3", "receives and reduces 64 KiB from 5".
std::string StepText(const simulate::WorkStep& step);

// Of one point: quantiles, loads, critical path.
std::string DetailText(const Point& point);
// Of many: a line each.
std::string TableText(const std::vector<Point>& points);
nlohmann::ordered_json PointJson(const Point& point);

// The run in the middle as a drawing. The prediction was made with keep_steps.
std::string DrawSvg(const Point& point);

}  // namespace tutti::simtool

#endif  // TUTTI_TOOLS_TUTTI_SIM_POINT_H_
