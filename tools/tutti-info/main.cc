// SPDX-License-Identifier: Apache-2.0
// tutti-info: shows what tutti finds on this host. Each view has a file of its own; this one only prints them.
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "tools/tutti-info/devices_view.h"
#include "tools/tutti-info/environment_view.h"
#include "tools/tutti-info/options.h"

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
  const tutti::Environment environment = tutti::Environment::OfThisProcess();
  std::vector<std::pair<std::string, View>> views;
  if (options->devices) views.emplace_back("devices", tutti::info::DevicesView(environment));
  if (options->environment) views.emplace_back("env", tutti::info::EnvironmentView(environment));
  return Print(views, options->json);
}
