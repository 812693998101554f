// SPDX-License-Identifier: Apache-2.0
#include "bench/codec/codec_report.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "bench/harness/host.h"

namespace tutti::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 1;  // counts up when a field changes its meaning or goes

// 0 where all values are 0.
double LargestRelativeError(const CodecReport& report) {
  return report.largest_value > 0 ? report.largest_error / report.largest_value : report.largest_error;
}

std::string Speed(const CodecRow& row, const Samples& samples) {
  const double speed = GigabytesPerSecond(row, samples);
  return absl::StrFormat(" %7.2f (%4.2f)", speed, speed / GigabytesPerSecond(row, row.times.copy));
}

Json SpeedJson(const CodecRow& row, const Samples& samples) {
  return {
      {"gb_per_s", GigabytesPerSecond(row, samples)},
      {"ns", {{"p50", samples.PercentileNs(50)}, {"min", samples.PercentileNs(0)}, {"p99", samples.PercentileNs(99)}}}};
}

Json RowJson(const CodecRow& row) {
  const CodecReport& report = row.report;
  return {{"codec", row.spec},
          {"type", "float32"},
          {"raw_bytes", report.raw_bytes},
          {"encoded_bytes", report.encoded_bytes},
          {"ratio", report.Ratio()},
          {"relative_error", report.relative_error},
          {"largest_error", report.largest_error},
          {"largest_value", report.largest_value},
          {"exact_values", report.num_exact},
          {"not_finite_values", report.num_not_finite},
          {"memcpy", SpeedJson(row, row.times.copy)},
          {"encode", SpeedJson(row, row.times.encode)},
          {"decode", SpeedJson(row, row.times.decode)},
          {"decode_reduce", SpeedJson(row, row.times.decode_reduce)}};
}

}  // namespace

std::string CodecTableHeader(const CodecOptions& options) {
  const Host host = DescribeHost();
  return absl::StrFormat(
      "# tutti-bench %s: codecs on one core, float32, %s, medians of %d rounds\n"
      "# on %s: %s, %s; %s\n"
      "# GB/s (10^9 bytes of values), in brackets as part of memcpy's in the same rounds\n#\n"
      "%-28s %10s %7s %9s %9s %8s %15s %15s %15s\n",
      TUTTI_VERSION, options.file.empty() ? absl::StrFormat("random gradients of seed %d", options.seed) : options.file,
      options.rounds, host.name, host.processor, host.system, DateNow(), "codec", "size", "ratio", "rel.error",
      "max error", "memcpy", "encode", "decode", "decode_reduce");
}

std::string CodecTableLine(const CodecRow& row) {
  return absl::StrFormat("%-28s %10d %7.2f %9.2g %9.2g %8.2f%s%s%s\n", row.spec, row.report.raw_bytes,
                         row.report.Ratio(), row.report.relative_error, LargestRelativeError(row.report),
                         GigabytesPerSecond(row, row.times.copy), Speed(row, row.times.encode),
                         Speed(row, row.times.decode), Speed(row, row.times.decode_reduce));
}

std::string CodecJson(const CodecOptions& options, const std::string& started, const std::vector<CodecRow>& rows) {
  const Host host = DescribeHost();
  Json results = Json::array();
  for (const CodecRow& row : rows) results.push_back(RowJson(row));
  const Json report = {
      {"format", "tutti-bench-codec"},
      {"format_version", kFormatVersion},
      {"versions", {{"tutti_bench", TUTTI_VERSION}}},
      {"started", started},
      {"finished", DateNow()},
      {"host", {{"name", host.name}, {"system", host.system}, {"processor", host.processor}, {"cores", host.cores}}},
      {"options",
       {{"command_line", options.command_line},
        {"rounds", options.rounds},
        {"file", options.file.empty() ? Json(nullptr) : Json(options.file)},
        {"seed", options.file.empty() ? Json(options.seed) : Json(nullptr)}}},
      {"meaning",
       {{"gb_per_s", "10^9 bytes of values per second, at the median round, on one core"},
        {"relative_error", "root of (sum of squared errors / sum of squared values), of the finite values"},
        {"largest_error", "of one value, absolute"}}},
      {"results", results},
  };
  // A path need not be UTF-8.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tutti::bench
