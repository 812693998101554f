// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "tools/cluster/cluster_file.h"

namespace tutti::cluster {
namespace {

using simulate::Noise;

double Us(double ps) { return ps / static_cast<double>(simulate::kPsPerUs); }
double Us(int64_t ps) { return Us(static_cast<double>(ps)); }
Json GBps(double ps_per_byte) { return ps_per_byte > 0 ? Json(1000 / ps_per_byte) : Json(nullptr); }

Json NoiseToJson(const Noise& noise) {
  Json json = {{"kind", "none"}, {"chance", noise.chance}};
  switch (noise.kind) {
    case Noise::Kind::kNone:
      return {{"kind", "none"}};
    case Noise::Kind::kExponential:
      json["kind"] = "exponential";
      json["mean_us"] = Us(noise.mean_ps);
      break;
    case Noise::Kind::kLognormal:
      json["kind"] = "lognormal";
      json["median_us"] = Us(noise.median_ps);
      json["sigma"] = noise.sigma;
      break;
    case Noise::Kind::kSamples:
      json["kind"] = "samples";
      json["us"] = Json::array();
      for (const int64_t sample : noise.samples) json["us"].push_back(Us(sample));
      break;
  }
  return json;
}

}  // namespace

Json CostsToJson(const simulate::Costs& costs) {
  Json json;
  json["call_us"] = Us(costs.call_ps);
  json["reduce_GBps"] = GBps(costs.reduce_ps_per_byte);
  json["copy_GBps"] = GBps(costs.copy_ps_per_byte);
  if (costs.uncached.cache_bytes > 0) {
    json["uncached"] = {{"cache_MB", static_cast<double>(costs.uncached.cache_bytes) / 1e6},
                        {"messages", costs.uncached.messages},
                        {"reduce", costs.uncached.reduce},
                        {"copy", costs.uncached.copy}};
  }
  for (int c = 0; c < simulate::kNumPathClasses; ++c) {
    const simulate::PathCost& path = costs.paths[static_cast<size_t>(c)];
    const bool eager = path.eager_bytes == std::numeric_limits<uint64_t>::max();
    json["paths"][PathClassName(static_cast<simulate::PathClass>(c))] = {
        {"latency_us", Us(path.latency_ps)},
        {"send_us", Us(path.send_ps)},
        {"receive_us", Us(path.receive_ps)},
        {"gap_us", Us(path.gap_ps)},
        {"GBps", GBps(path.ps_per_byte)},
        {"send_GBps", GBps(path.send_ps_per_byte)},
        {"receive_GBps", GBps(path.receive_ps_per_byte)},
        {"eager_bytes", eager ? Json(nullptr) : Json(path.eager_bytes)}};
  }
  json["noise"] = NoiseToJson(costs.noise);
  return json;
}

}  // namespace tutti::cluster
