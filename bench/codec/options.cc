// SPDX-License-Identifier: Apache-2.0
#include "bench/codec/options.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "bench/harness/sizes.h"
#include "lib/codec/registry.h"

namespace tutti::bench {
namespace {

constexpr int kUsageStatus = 2;

constexpr const char* kFooter =
    "Columns: size is that of the float32 values in bytes, ratio how many times fewer the encoded ones are; rel.error "
    "is the\n"
    "root of the squared errors' sum over that of the squared values, max error the largest error over the largest "
    "magnitude;\n"
    "then bytes of values per second (10^9) of one core: copied by memcpy, encoded, decoded, decoded and added to "
    "others.\n"
    "Each round copies, encodes, decodes and adds in turn, and figures are medians over rounds; in brackets: divided "
    "by "
    "memcpy's.\n\n"
    "Exit status: 0; 1 if a codec failed or a file cannot be used; 2 if the command line is wrong.\n";

class Help : public CLI::Formatter {
 public:
  Help() { column_width(34); }
  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: tutti-bench codec [SPEC...] [OPTIONS]\n"
           "       tutti-bench codec bf16 int8:block=64 topk:ratio=0.01+error_feedback -b 1M -e 16M\n"
           "       tutti-bench codec --file gradients.f32 --json codecs.json\n";
  }
};

struct Texts {
  std::string min_bytes = "256K", max_bytes = "16M";
  double factor = 64;
};

void Declare(CLI::App* app, CodecOptions* o, Texts* t) {
  app->formatter(std::make_shared<Help>());
  app->footer(kFooter);
  app->add_option("spec", o->specs, "Codecs as name:key=value,...+decorator; default: all, with their defaults");
  app->add_option("-b,--min-bytes", t->min_bytes, "Smallest size; K, M, G for powers of 1024")->capture_default_str();
  app->add_option("-e,--max-bytes", t->max_bytes, "Largest size")->capture_default_str();
  app->add_option("-f,--step-factor", t->factor, "Each size is the one before times this")->capture_default_str();
  app->add_option("-n,--rounds", o->rounds, "Rounds of measurement")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  app->add_option("--file", o->file, "Values to encode: float32, little-endian, nothing else; all at once");
  app->add_option("--seed", o->seed, "Of the random values")->capture_default_str();
  app->add_option("--json", o->json_file, "Also write all figures to this file");
}

// "" or a sentence.
std::string CheckSizes(const Texts& t, CodecOptions* o) {
  SizeSeries series;
  series.factor = t.factor;
  const auto min_bytes = ParseSize(t.min_bytes), max_bytes = ParseSize(t.max_bytes);
  if (!min_bytes) return "--min-bytes \"" + t.min_bytes + "\" is not a size like 4K, 64M or 1G";
  if (!max_bytes) return "--max-bytes \"" + t.max_bytes + "\" is not a size like 4K, 64M or 1G";
  if (*min_bytes > *max_bytes) return "--min-bytes " + t.min_bytes + " is more than --max-bytes " + t.max_bytes;
  if (*min_bytes < sizeof(float)) return "--min-bytes " + t.min_bytes + " holds no value; one has 4 bytes";
  if (!(t.factor > 1 && t.factor <= 1e6)) return "--step-factor must be more than 1";
  series.min_bytes = *min_bytes;
  series.max_bytes = *max_bytes;
  for (const uint64_t bytes : SizesOf(series)) o->sizes.push_back(bytes / sizeof(float) * sizeof(float));
  return "";
}

std::vector<std::string> DefaultSpecs() {
  std::vector<std::string> specs;
  for (const CodecInfo& info : BuiltInCodecs()) {
    if (!info.is_decorator) specs.emplace_back(info.name);
  }
  specs.insert(specs.end(), {"int8:rounding=stochastic", "int8+error_feedback", "topk+momentum"});
  return specs;
}

// Before anything is measured.
std::string CheckSpecs(CodecOptions* o) {
  if (o->specs.empty()) o->specs = DefaultSpecs();
  for (const std::string& spec : o->specs) {
    const auto codec = MakeCodec(spec);
    if (!codec.ok()) return std::string(codec.status().message());
  }
  return "";
}

}  // namespace

std::optional<CodecOptions> ParseCodecOptions(int argc, const char* const* argv, int* status) {
  CodecOptions options;
  options.command_line.assign(argv, argv + argc);
  Texts texts;
  CLI::App app("Measures tutti's codecs on one core: bytes saved, values lost, speed.", "tutti-bench codec");
  Declare(&app, &options, &texts);
  std::string error;
  try {
    app.parse(argc, argv);
    error = CheckSizes(texts, &options);
    if (error.empty()) error = CheckSpecs(&options);
    for (const char* option : {"--min-bytes", "--max-bytes", "--step-factor", "--seed"}) {
      if (!options.file.empty() && app.count(option) > 0) error = std::string(option) + " has no meaning with --file";
    }
  } catch (const CLI::Success& help) {
    *status = app.exit(help);
    return std::nullopt;
  } catch (const CLI::ParseError& wrong) {
    error = wrong.what();
  }
  if (error.empty()) return options;
  std::cerr << "tutti-bench codec: " << error << "; see tutti-bench codec --help\n";
  *status = kUsageStatus;
  return std::nullopt;
}

}  // namespace tutti::bench
