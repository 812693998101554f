// SPDX-License-Identifier: Apache-2.0
// tutti-info: shows what tutti finds on this host. Each view has a file of its own; this one only prints them.
#include <unistd.h>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "tools/tutti-info/calibrate.h"
#include "tools/tutti-info/devices_view.h"
#include "tools/tutti-info/environment_view.h"
#include "tools/tutti-info/explain_view.h"
#include "tools/tutti-info/live_screen.h"
#include "tools/tutti-info/live_view.h"
#include "tools/tutti-info/noise_view.h"
#include "tools/tutti-info/options.h"
#include "tools/tutti-info/topology_view.h"
#include "tools/tutti-info/traffic_view.h"

namespace {

using tutti::info::View;

int Print(const std::vector<std::pair<std::string, View>>& views, bool as_json) {
  nlohmann::ordered_json json = {{"version", TUTTI_VERSION}};
  std::string text;
  for (const auto& [name, view] : views) {
    if (!view.error.empty()) {
      std::cerr << "tutti-info: " << view.error << "\n";
      return 1;
    }
    json[name] = view.json;
    text += (text.empty() ? "" : "\n") + view.text;
  }
  std::cout << (as_json ? json.dump(2) + "\n" : text) << std::flush;
  return std::cout ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  int status = 0;
  const auto options = tutti::info::ParseOptions(argc, argv, &status);
  if (!options) return status;
  if (!options->calibrate.empty()) return tutti::info::Calibrate(options->calibrate);
  const tutti::Environment environment = tutti::Environment::OfThisProcess();
  const bool only_live = options->live && !options->devices && !options->environment && options->noise_ns == 0;
  if (only_live && !options->once && !options->json && isatty(STDOUT_FILENO)) {
    return tutti::info::ShowLiveScreen(options->live_options, environment);
  }
  std::vector<std::pair<std::string, View>> views;
  if (options->devices) views.emplace_back("devices", tutti::info::DevicesView(environment));
  if (options->environment) views.emplace_back("env", tutti::info::EnvironmentView(environment));
  if (options->live) views.emplace_back("live", tutti::info::LiveView(options->live_options, environment));
  if (options->topology) {
    views.emplace_back("topology", options->topology_collective.empty()
                                       ? tutti::info::TopologyView(*options, environment)
                                       : tutti::info::TrafficView(*options, environment));
  }
  if (!options->explain.empty()) views.emplace_back("explain", tutti::info::ExplainView(*options, environment));
  if (!options->table.empty()) views.emplace_back("table", tutti::info::TableView(*options));
  if (options->noise_ns > 0) views.emplace_back("noise", tutti::info::NoiseView(options->noise_ns));
  return Print(views, options->json);
}
