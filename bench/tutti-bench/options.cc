// SPDX-License-Identifier: Apache-2.0
#include "bench/tutti-bench/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>

#include "tools/launch/supervisor.h"

namespace tutti::bench {
namespace {

constexpr int kUsageStatus = 2;
constexpr int kJitterIterations = 100'000;

constexpr const char* kFooter =
    "Columns, as in nccl-tests: size is the larger buffer in bytes (all ranks' parts together where a call has "
    "parts);\n"
    "time is the mean per iteration of the timed loop on the slowest rank; algbw = size / time; busbw = algbw times\n"
    "2(n-1)/n for all_reduce, 1 for broadcast, reduce and send_recv, (n-1)/n for the others; #wrong counts the\n"
    "elements, on all ranks, that differ from an independent reference. Further: p50, p99, p99.9 and max of the time "
    "per\n"
    "iteration, where each iteration counts with its slowest rank.\n\n"
    "As in nccl-tests iterations follow each other without a barrier, so that ranks may enter one at different times "
    "and\n"
    "that difference is part of the time; --sync 1 puts a barrier, which is not timed, before each.\n"
    "Checked iterations are apart from timed ones and have fresh data each; --check N makes N of them per "
    "measurement.\n"
    "Results must be equal to the reference; only avg of floating-point types may be off by one unit in the last "
    "place.\n\n"
    "With --jitter: cv is the standard deviation over the mean; wait, move, reduce and queue are what rank 0's time "
    "was\n"
    "spent on, and the last column the rank that cost it the most by coming last, as tutti's telemetry has it.\n\n"
    "Exit status: 0; 1 if an operation failed; 3 if a result was wrong; 2 if the command line is wrong.\n";

struct Texts {  // as given, before they are checked
  std::string collective, min_bytes = "8", max_bytes = "64M", step_bytes = "0", dtype = "float32", op = "sum",
                          layout = "auto", skew = "none", memory = "plain";
  double timeout_s = 0;
  int sync = 0;
};

class Help : public CLI::Formatter {
 public:
  Help() { column_width(34); }
  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: tutti-bench COLLECTIVE [OPTIONS]\n"
           "       tutti-bench all_reduce --ranks 4 -b 8 -e 64M\n"
           "       tutti-run -n 4 -- tutti-bench broadcast -e 1M -a all\n";
  }
};

std::string OperationNames() {
  std::string names;
  for (const Operation& operation : AllOperations()) names += (names.empty() ? "" : ", ") + std::string(operation.name);
  return names;
}

void Declare(CLI::App* app, Options* o, Texts* t) {
  app->formatter(std::make_shared<Help>());
  app->footer(kFooter);
  app->set_version_flag("--version", std::string("tutti-bench " TUTTI_VERSION ", tutti ") + tutti_version());
  app->add_option("collective", t->collective, OperationNames())->required();
  app->add_option("-b,--min-bytes", t->min_bytes, "Smallest size; K, M, G for powers of 1024")->capture_default_str();
  app->add_option("-e,--max-bytes", t->max_bytes, "Largest size")->capture_default_str();
  app->add_option("-f,--step-factor", o->sizes.factor, "Each size is the one before times this")->capture_default_str();
  app->add_option("-i,--step-bytes", t->step_bytes, "Or: plus this; 0: use the factor")->capture_default_str();
  app->add_option("-n,--iters", o->meter.iterations, "Timed iterations")->capture_default_str();
  app->add_option("-w,--warmup", o->meter.warmup, "Iterations before them")->capture_default_str();
  app->add_option("-d,--dtype", t->dtype, "int8 to float64, or a list a,b, or all")->capture_default_str();
  app->add_option("-o,--op", t->op, "sum, prod, min, max, avg, and, or, xor, or a list, or all")->capture_default_str();
  app->add_option("-r,--root", o->root, "Root of the calls that have one")->capture_default_str();
  app->add_option("-c,--check", o->meter.checks, "Checked iterations; 0: none")->capture_default_str();
  app->add_option("-a,--algorithm", o->algorithm,
                  "Algorithms by name (ring,circulant), or all; default: tutti chooses");
  app->add_option(
      "--codec", o->codecs,
      "all_reduce with a codec (int8:block=128, ...; none; auto:0.01: tutti measures and chooses), again for "
      "several; results are not checked");
  app->add_option("-s,--sync", t->sync, "1: a barrier before each timed iteration")->capture_default_str();
  app->add_option("-m,--memory", t->memory, "Buffers from malloc (plain) or tutti_mem_alloc (alloc)")
      ->capture_default_str();
  app->add_option("-t,--timeout", t->timeout_s, "Deadline of each operation, seconds; 0: tutti's default");
  app->add_option("--ranks", o->ranks, "Start this many ranks here; without it a launcher must have");
  app->add_option("--json", o->json_file, "Also write all figures to this file");
  app->add_flag("--jitter", o->jitter, "The tail instead of bandwidth: 100000 iterations, out of place, who was late");
  app->add_option("--skew", t->skew, "With --jitter: ranks come late, by uniform:100us, exp:50us or one:2ms")
      ->capture_default_str();
  app->add_option("--load", o->load_threads, "With --jitter: threads of each rank that compute meanwhile")
      ->capture_default_str();
  app->add_option("--layout", t->layout, "wide, narrow (in-place below), or auto")->capture_default_str();
}

// "a,b" or "all" into values 0..last of an enum, by their names. "" or a sentence.
template <typename Enum>
std::string ParseList(const std::string& text, Enum last, const char* (*name_of)(Enum), std::vector<Enum>* values) {
  std::string known;
  for (int i = 0; i <= last; ++i) known += (i == 0 ? "" : ", ") + std::string(name_of(static_cast<Enum>(i)));
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    bool found = false;
    for (int i = 0; i <= last; ++i) {
      if (word != "all" && word != name_of(static_cast<Enum>(i))) continue;
      found = true;
      values->push_back(static_cast<Enum>(i));
    }
    if (!found) return "\"" + word + "\" is not one of " + known + ", all";
  }
  return values->empty() ? "\"" + text + "\" names none of " + known + ", all" : "";
}

std::string CheckSizes(const Texts& t, Options* o) {
  struct {
    const char* option;
    const std::string& text;
    uint64_t* bytes;
  } const sizes[] = {{"--min-bytes", t.min_bytes, &o->sizes.min_bytes},
                     {"--max-bytes", t.max_bytes, &o->sizes.max_bytes},
                     {"--step-bytes", t.step_bytes, &o->sizes.step_bytes}};
  for (const auto& size : sizes) {
    const auto bytes = ParseSize(size.text);
    if (!bytes) return std::string(size.option) + " \"" + size.text + "\" is not a size like 8, 4K, 64M or 1G";
    *size.bytes = *bytes;
  }
  if (o->sizes.min_bytes > o->sizes.max_bytes) {
    return "--min-bytes " + t.min_bytes + " is more than --max-bytes " + t.max_bytes;
  }
  if (!(o->sizes.factor > 1 && o->sizes.factor <= 1e6)) return "--step-factor must be more than 1";
  if (o->sizes.step_bytes != 0 && (o->sizes.max_bytes - o->sizes.min_bytes) / o->sizes.step_bytes >= 100000) {
    return "--step-bytes " + t.step_bytes + " would give more than 100000 sizes";
  }
  return "";
}

std::string CheckRest(const Texts& t, Options* o) {
  o->operation = FindOperation(t.collective);
  if (o->operation == nullptr) return "\"" + t.collective + "\" is not one of " + OperationNames();
  std::string error = ParseList(t.dtype, TUTTI_FLOAT64, tutti_dtype_name, &o->dtypes);
  if (!error.empty()) return "--dtype " + error;
  error = ParseList(t.op, TUTTI_XOR, tutti_op_name, &o->ops);
  if (!error.empty()) return "--op " + error;
  const bool only_floats =
      std::all_of(o->dtypes.begin(), o->dtypes.end(), [](auto dtype) { return dtype >= TUTTI_FLOAT16; });
  const bool only_bitwise = std::all_of(o->ops.begin(), o->ops.end(), [](auto op) { return op >= TUTTI_AND; });
  if (only_floats && only_bitwise) return "--op " + t.op + " is for integers, --dtype " + t.dtype + " is not";
  if (o->meter.iterations < 1 || o->meter.iterations > 100'000'000) return "--iters must be from 1 to 100000000";
  if (o->meter.warmup < 0) return "--warmup must be 0 or more";
  if (o->meter.checks < 0) return "--check must be 0 or more";
  if (t.sync != 0 && t.sync != 1) return "--sync must be 0 or 1";
  o->meter.sync = t.sync == 1;
  if (t.memory != "plain" && t.memory != "alloc") return "--memory must be plain or alloc";
  o->meter.shared_buffers = t.memory == "alloc";
  if (!(t.timeout_s >= 0 && t.timeout_s <= 1e6)) return "--timeout must be seconds, 0 or more";
  o->timeout_ns = static_cast<int64_t>(t.timeout_s * 1e9);
  if (o->ranks < 0 || o->ranks > launch::kMaxRanks) {
    return "--ranks must be from 1 to " + std::to_string(launch::kMaxRanks);
  }
  if (!o->algorithm.empty() && !o->operation->has_algorithms) {
    return t.collective + " has no algorithms to choose from; leave --algorithm out";
  }
  if (!o->codecs.empty()) {
    if (o->operation->kind != Kind::kAllReduce) return "--codec is for all_reduce, " + t.collective + " has no codecs";
    o->meter.checks = 0;  // lossy results cannot be compared for equality
  }
  const std::optional<Skew> skew = ParseSkew(t.skew);
  if (!skew) return "--skew \"" + t.skew + "\" is not none, uniform:TIME, exp:TIME or one:TIME, like one:2ms";
  o->meter.skew = *skew;
  if (o->load_threads < 0 || o->load_threads > 1024) return "--load must be from 0 to 1024";
  if (!o->jitter && (skew->kind != Skew::Kind::kNone || o->load_threads > 0)) return "--skew and --load need --jitter";
  if (t.layout != "auto" && t.layout != "wide" && t.layout != "narrow") return "--layout must be auto, wide or narrow";
  o->layout = t.layout == "auto" ? Layout::kAuto : t.layout == "wide" ? Layout::kWide : Layout::kNarrow;
  return "";
}

}  // namespace

std::optional<Options> ParseOptions(int argc, char** argv, int* status) {
  Options options;
  options.command_line.assign(argv, argv + argc);
  Texts texts;
  CLI::App app("Measures a collective of tutti, and checks its results.", "tutti-bench");
  Declare(&app, &options, &texts);
  std::string error;
  try {
    app.parse(argc, argv);
    error = CheckSizes(texts, &options);
    if (error.empty()) error = CheckRest(texts, &options);
    if (options.jitter && app.count("--iters") == 0) options.meter.iterations = kJitterIterations;
    if (error.empty() && app.count("--ranks") > 0 && options.ranks == 0) error = "--ranks must be 1 or more";
  } catch (const CLI::Success& help_or_version) {
    *status = app.exit(help_or_version);
    return std::nullopt;
  } catch (const CLI::ParseError& wrong) {
    error = wrong.what();
  }
  if (error.empty()) return options;
  std::cerr << "tutti-bench: " << error << "; see tutti-bench --help\n";
  *status = kUsageStatus;
  return std::nullopt;
}

}  // namespace tutti::bench
