// SPDX-License-Identifier: Apache-2.0
#include "bench/codec/run.h"

#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "bench/codec/codec_report.h"
#include "bench/codec/measure.h"
#include "bench/codec/options.h"
#include "bench/codec/values.h"
#include "bench/harness/host.h"
#include "lib/codec/registry.h"

namespace tutti::bench {
namespace {

constexpr int kFailedStatus = 1;

void Measure(const CodecOptions& options) {
  const std::string started = DateNow();
  std::ofstream json;
  if (!options.json_file.empty()) {
    json.open(options.json_file);
    if (!json) throw std::runtime_error("cannot write to " + options.json_file);
  }
  std::vector<std::vector<float>> inputs;
  if (!options.file.empty()) {
    inputs.push_back(ReadFloats(options.file));
  } else {
    for (const uint64_t bytes : options.sizes) inputs.push_back(RandomGradients(bytes / sizeof(float), options.seed));
  }

  std::fputs(CodecTableHeader(options).c_str(), stdout);
  std::vector<CodecRow> rows;
  for (const std::vector<float>& values : inputs) {
    for (const std::string& spec : options.specs) {
      rows.push_back(MeasureRow(spec, MakeCodec(spec).value(), values, options.rounds));
      std::fputs(CodecTableLine(rows.back()).c_str(), stdout);
      std::fflush(stdout);
    }
  }
  if (!json.is_open()) return;
  json << CodecJson(options, started, rows) << std::flush;
  if (!json) throw std::runtime_error("cannot write to " + options.json_file);
}

}  // namespace

int RunCodecBench(int argc, const char* const* argv) {
  try {
    int status = 0;
    const auto options = ParseCodecOptions(argc, argv, &status);
    if (!options) return status;
    Measure(*options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tutti-bench codec: %s\n", error.what());
    return kFailedStatus;
  }
}

}  // namespace tutti::bench
