// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/noise_view.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "tools/cpus/cpus.h"
#include "tools/live/names.h"
#include "tools/noise/advice.h"
#include "tools/noise/core_noise.h"
#include "tools/noise/core_time.h"

namespace tutti::info {
namespace {

using Json = nlohmann::ordered_json;
using live::ShortDuration;
using noise::CoreNoise;

double StealShare(const CoreNoise& core) {
  return core.clock_ticks > 0 ? static_cast<double>(core.steal_ticks) / static_cast<double>(core.clock_ticks) : 0;
}

std::string Short(uint64_t ns) { return ShortDuration(static_cast<int64_t>(ns)); }

std::string CoresText(const std::vector<CoreNoise>& cores) {
  std::string text = absl::StrFormat("%4s  %9s  %9s  %9s  %9s  %9s  %8s  %7s  %9s\n", "core", "detours/s", "p50", "p99",
                                     "p99.9", "worst", "lost", "steal", "preempted");
  for (const CoreNoise& core : cores) {
    absl::StrAppendFormat(&text, "%4d  %9.0f  %9s  %9s  %9s  %9s  %6.2f %%  %5.1f %%  %9d\n", core.core,
                          core.detours_per_second(), Short(core.detour_ns.Quantile(0.5)),
                          Short(core.detour_ns.Quantile(0.99)), Short(core.detour_ns.Quantile(0.999)),
                          Short(core.detour_ns.max_ns()), 100 * core.stolen_share(), 100 * StealShare(core),
                          core.preemptions);
  }
  absl::StrAppendFormat(&text, "\n%4s  %9s  %9s  %9s  %9s  %9s\n", "core", "1-10 us", "10-100 us", "0.1-1 ms",
                        "1-10 ms", "longer");
  for (const CoreNoise& core : cores) {
    absl::StrAppendFormat(&text, "%4d", core.core);
    for (const uint64_t count : core.by_class) absl::StrAppendFormat(&text, "  %9d", count);
    absl::StrAppend(&text, "\n");
  }
  absl::StrAppend(&text, "\nworst gaps:\n");
  for (const CoreNoise& core : cores) {
    absl::StrAppendFormat(&text, "%4d  ", core.core);
    for (const noise::Gap& gap : core.worst) {
      absl::StrAppend(&text, ShortDuration(gap.ns), " (at ", ShortDuration(gap.at_ns), ")  ");
    }
    absl::StrAppend(&text, core.worst.empty() ? "none\n" : "\n");
  }
  return text;
}

Json CoreJson(const CoreNoise& core, const std::string& governor) {
  Json classes = Json::array();
  for (size_t i = 0; i < core.by_class.size(); ++i) {
    const bool last = i + 1 == core.by_class.size();
    classes.push_back({{"from_ns", noise::kClassLowNs[i]},
                       {"below_ns", last ? Json(nullptr) : Json(noise::kClassLowNs[i + 1])},
                       {"count", core.by_class[i]}});
  }
  Json worst = Json::array();
  for (const noise::Gap& gap : core.worst) worst.push_back({{"ns", gap.ns}, {"at_ns", gap.at_ns}});
  return {{"core", core.core},
          {"quanta", core.quanta},
          {"quickest_ns", core.quickest_ns},
          {"elapsed_ns", core.elapsed_ns},
          {"detours", core.detours},
          {"detour_ns",
           {{"p50", core.detour_ns.Quantile(0.5)},
            {"p99", core.detour_ns.Quantile(0.99)},
            {"p99.9", core.detour_ns.Quantile(0.999)},
            {"max", core.detour_ns.max_ns()}}},
          {"lost_share", core.stolen_share()},
          {"steal_share", StealShare(core)},
          {"preemptions", core.preemptions},
          {"histogram", classes},
          {"worst", worst},
          {"governor", governor.empty() ? Json(nullptr) : Json(governor)}};
}

Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

View NoiseView(int64_t duration_ns) {
  View view;
  const std::vector<int> cores = AllowedCpus();
  if (cores.empty()) {
    view.error = "the kernel does not say which cores this process may use";
    return view;
  }
  const noise::HostFacts facts = noise::ReadHostFacts(cores);
  const absl::StatusOr<std::vector<CoreNoise>> measured = noise::MeasureCores(cores, duration_ns);
  if (!measured.ok()) {
    view.error = std::string(measured.status().message());
    return view;
  }
  const std::vector<std::string> advice = noise::Advise(*measured, facts);
  view.text = absl::StrCat("The same work of ", ShortDuration(noise::kQuantumNs), ", over and over for ",
                           ShortDuration(duration_ns), " on ", cores.size(), cores.size() == 1 ? " core" : " cores",
                           ". A detour: a piece that took at least ", ShortDuration(noise::kLeastDetourNs),
                           " more than the quickest one.\n\n", CoresText(*measured), "\n");
  for (const std::string& sentence : advice) absl::StrAppend(&view.text, "- ", sentence, "\n");
  Json list = Json::array();
  for (size_t i = 0; i < cores.size(); ++i) list.push_back(CoreJson((*measured)[i], facts.governors[i]));
  view.json = {{"duration_ns", duration_ns},
               {"quantum_ns", noise::kQuantumNs},
               {"least_detour_ns", noise::kLeastDetourNs},
               {"cores", list},
               {"isolated", TextOrNull(facts.isolated)},
               {"nohz_full", TextOrNull(facts.nohz_full)},
               {"cpu_quota", TextOrNull(facts.cpu_quota)},
               {"load", facts.load},
               {"advice", advice}};
  return view;
}

}  // namespace tutti::info
