// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/loop/options.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>
#include <stdexcept>

#include "bench/peers/loop/pin.h"

namespace tutti::peers {
namespace {

template <typename Number>
Number ParseNumber(const std::string& text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || next != end) throw std::runtime_error("\"" + text + "\" is not a number");
  return number;
}

std::vector<size_t> ParseSizes(const std::string& text) {
  std::vector<size_t> sizes;
  std::istringstream stream(text);
  for (std::string size; std::getline(stream, size, ',');) {
    sizes.push_back(ParseNumber<size_t>(size));
    if (sizes.back() == 0 || sizes.back() % sizeof(float) != 0) {
      throw std::runtime_error(size + " bytes are not a whole number of float32");
    }
  }
  return sizes;
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  std::map<std::string, std::string> given;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) throw std::runtime_error(std::string(argv[i]) + " needs a value");
    given[argv[i]] = argv[i + 1];
  }
  const auto take = [&](const char* name, auto use) {
    const auto found = given.find(name);
    if (found == given.end()) return;
    use(found->second);
    given.erase(found);
  };

  Options options;
  take("--rank", [&](const std::string& text) { options.place.rank = ParseNumber<int>(text); });
  take("--ranks", [&](const std::string& text) { options.place.ranks = ParseNumber<int>(text); });
  take("--meet", [&](const std::string& text) { options.place.meeting_folder = text; });
  take("--variant", [&](const std::string& text) { options.variant = text; });
  take("--region", [&](const std::string& text) { options.region = text; });
  take("--output", [&](const std::string& text) { options.output = text; });
  take("--cores", [&](const std::string& text) { options.cores = ParseCores(text); });
  take("--sizes", [&](const std::string& text) { options.sizes = ParseSizes(text); });
  take("--limit-s", [&](const std::string& text) { options.limit_s = ParseNumber<unsigned>(text); });
  take("--budget-ms",
       [&](const std::string& text) { options.loop.budget_ns = ParseNumber<int64_t>(text) * 1'000'000; });
  take("--max-iterations", [&](const std::string& text) { options.loop.max_iterations = ParseNumber<size_t>(text); });
  if (!given.empty()) throw std::runtime_error("there is no option " + given.begin()->first);
  options.loop.max_iterations = std::max(options.loop.max_iterations, options.loop.min_iterations);
  return options;
}

}  // namespace tutti::peers
