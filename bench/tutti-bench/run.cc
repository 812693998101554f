// SPDX-License-Identifier: Apache-2.0
#include "bench/tutti-bench/run.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "bench/harness/background_load.h"
#include "bench/harness/host.h"
#include "bench/harness/jitter.h"
#include "bench/harness/json_report.h"
#include "bench/harness/progress.h"
#include "bench/harness/report.h"
#include "bench/harness/table.h"

extern char** environ;

namespace tutti::bench {
namespace {

constexpr int kFailedStatus = 1;
constexpr int kWrongStatus = 3;

bool UseWideTable(Layout layout) {
  if (layout != Layout::kAuto) return layout == Layout::kWide;
  winsize window = {};
  const bool is_terminal = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0;
  return !is_terminal || window.ws_col >= Table::kWideColumns;
}

// Everything that is to be measured, in the order of the table.
// Of one codec.
void PlanRows(const Options& o, const std::vector<std::string>& algorithms, const std::string& codec, int ranks,
              std::vector<Row>* rows) {
  const std::vector<tutti_dtype_t> dtypes = o.operation->moves_data ? o.dtypes : std::vector{TUTTI_INT8};
  const std::vector<tutti_op_t> ops = o.operation->reduces ? o.ops : std::vector{TUTTI_SUM};
  const std::vector<uint64_t> sizes = o.operation->moves_data ? SizesOf(o.sizes) : std::vector<uint64_t>{0};
  for (const std::string& algorithm : algorithms) {
    for (const tutti_dtype_t dtype : dtypes) {
      for (const tutti_op_t op : ops) {
        if (op >= TUTTI_AND && dtype >= TUTTI_FLOAT16) continue;  // not defined
        size_t last_count = SIZE_MAX;
        for (const uint64_t size : sizes) {
          const size_t element_bytes = tutti_dtype_size(dtype);
          const size_t count = o.operation->CountFor(size, element_bytes, ranks);
          if (count == last_count) continue;  // sizes below one element per rank all become that
          last_count = count;
          const size_t elements =
              std::max(o.operation->SendElements(count, ranks), o.operation->RecvElements(count, ranks));
          const Call call = {o.operation, count, dtype, op, o.root, nullptr, o.timeout_ns};
          rows->push_back({call,
                           algorithm,
                           codec,
                           elements * element_bytes,
                           o.meter.checks > 0 && o.operation->moves_data,
                           {},
                           {}});
        }
      }
    }
  }
}

std::vector<Row> PlanRows(const Options& o, const std::vector<std::string>& algorithms, int ranks) {
  std::vector<Row> rows;
  if (o.codecs.empty()) PlanRows(o, algorithms, "", ranks, &rows);
  for (const std::string& codec : o.codecs) PlanRows(o, algorithms, codec, ranks, &rows);
  // Only now, when the rows stay where they are, may calls point to their names.
  for (Row& row : rows) {
    row.call.algorithm = row.algorithm.empty() ? nullptr : row.algorithm.c_str();
    row.call.codec = row.codec.empty() ? nullptr : row.codec.c_str();
  }
  return rows;
}

std::vector<std::string> WordsOf(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  if (words.empty()) words.emplace_back();  // tutti chooses
  return words;
}

std::vector<std::string> AlgorithmsFor(const Options& o, const Comm& comm) {
  if (o.algorithm != "all") return WordsOf(o.algorithm);
  std::vector<std::string> names = AlgorithmsOf(comm.handle(), *o.operation);
  if (names.empty()) throw std::runtime_error("tutti names no algorithms for " + std::string(o.operation->name));
  return names;
}

RunFacts FactsOf(const Options& o, const Comm& comm) {
  RunFacts facts = {TUTTI_VERSION, DateNow(), DescribeHost(), comm.size(), o.command_line, {}, o.meter};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (text.rfind("TUTTI_", 0) != 0 || text.rfind("TUTTI_SECRET", 0) == 0 || equals == std::string::npos) continue;
    facts.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return facts;
}

void PrintHead(const Options& o, const RunFacts& facts, const Table& table) {
  std::printf("# tutti-bench %s, tutti %s: %s, %d ranks, %d iterations after %d to warm up, %d checked\n",
              TUTTI_VERSION, tutti_version(), o.operation->name, facts.ranks, o.meter.iterations, o.meter.warmup,
              o.meter.checks);
  std::printf("# rank 0 on %s: %s, %d cores, %s; %s\n", facts.host.name.c_str(), facts.host.processor.c_str(),
              facts.host.cores, facts.host.system.c_str(), facts.started.c_str());
  std::printf(
      "# %s; p50 to max: per iteration the time of its slowest rank\n#\n%s",
      o.meter.sync ? "a barrier before each iteration, not timed" : "iterations back to back, without a barrier",
      o.jitter ? JitterHeader().c_str() : table.Header().c_str());
  std::fflush(stdout);
}

std::string StepName(const Row& row, const char* place) {
  return std::string(row.call.operation->name) + (row.algorithm.empty() ? "" : " " + row.algorithm) + " " +
         (row.call.operation->moves_data ? tutti_dtype_name(row.call.dtype) : "") + " " + std::to_string(row.bytes) +
         " bytes, " + place;
}

// A codec that tutti is to choose must be asked for before the first call. On all ranks.
void AnnounceCodec(const std::string& codec, Comm* comm, Progress* progress) {
  const bool talks = comm->rank() == 0;
  const bool is_choice = codec.rfind("auto", 0) == 0;
  if (is_choice && tutti_comm_set_codec(comm->handle(), codec.c_str()) != TUTTI_OK) {
    throw std::runtime_error(tutti_last_error());
  }
  if (!talks) return;
  progress->Clear();
  std::printf("# codec %s\n", is_choice ? tutti_comm_explain_codec(comm->handle()) : codec.c_str());
}

void MeasureAll(const Options& o, Comm* comm, const Table& table, std::vector<Row>* rows) {
  uint64_t max_bytes = 0;
  for (const Row& row : *rows) max_bytes = std::max(max_bytes, row.bytes);
  const bool talks = comm->rank() == 0;
  Meter meter(comm, max_bytes, o.meter);
  Progress progress(talks, static_cast<int>(rows->size()) * (o.operation->has_in_place && !o.jitter ? 2 : 1));
  std::string algorithm, codec;
  for (Row& row : *rows) {
    if (row.codec != codec) AnnounceCodec(row.codec, comm, &progress);
    codec = row.codec;
    if (talks && row.algorithm != algorithm) {
      progress.Clear();
      std::printf("# algorithm %s\n", row.algorithm.c_str());
    }
    algorithm = row.algorithm;
    progress.Begin(StepName(row, "out of place"));
    row.out_of_place = meter.Measure(row.call, false);
    if (o.operation->has_in_place && !o.jitter) {
      progress.Begin(StepName(row, "in place"));
      row.in_place = meter.Measure(row.call, true);
    }
    if (!talks) continue;
    progress.Clear();
    std::fputs((o.jitter ? JitterLine(row) : table.Line(row)).c_str(), stdout);
    std::fflush(stdout);
  }
}

int Measure(const Options& o, int* rank) {
  tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
  config.timeout_ns = o.timeout_ns;
  Comm comm(config);
  *rank = comm.rank();
  if (o.operation->rooted && (o.root < 0 || o.root >= comm.size())) {
    throw std::runtime_error("--root " + std::to_string(o.root) + " is not a rank; there are " +
                             std::to_string(comm.size()));
  }
  if (o.operation->kind == Kind::kSendRecv && comm.size() < 2)
    throw std::runtime_error("send_recv needs two ranks or more");
  // Opened before hours of measuring, not after.
  std::ofstream json;
  if (comm.rank() == 0 && !o.json_file.empty()) {
    json.open(o.json_file);
    if (!json) throw std::runtime_error("cannot write to " + o.json_file);
  }

  const RunFacts facts = FactsOf(o, comm);
  const Table table(UseWideTable(o.layout), comm.size());
  std::vector<Row> rows = PlanRows(o, AlgorithmsFor(o, comm), comm.size());
  if (comm.rank() == 0) PrintHead(o, facts, table);
  {
    const BackgroundLoad load(o.load_threads);
    MeasureAll(o, &comm, table, &rows);
  }

  const Summary summary = Summarize(rows, comm.size());
  if (comm.rank() == 0) {
    if (o.meter.checks > 0 && o.operation->moves_data) {
      std::printf("# wrong elements: %llu %s\n", static_cast<unsigned long long>(summary.wrong),
                  summary.wrong == 0 ? "OK" : "FAILED");
    }
    if (!o.jitter) std::printf("# mean bus bandwidth: %.3f GB/s\n", summary.mean_bus_bandwidth);
    if (json.is_open()) json << JsonReport(facts, rows) << std::flush;
    if (json.is_open() && !json) throw std::runtime_error("cannot write to " + o.json_file);
  }
  return summary.wrong == 0 ? 0 : kWrongStatus;
}

}  // namespace

int RunRank(const Options& options) {
  int rank = -1;
  try {
    return Measure(options, &rank);
  } catch (const std::exception& error) {  // tutti::Error is one
    const std::string who = rank < 0 ? "" : "rank " + std::to_string(rank) + ": ";
    std::fprintf(stderr, "tutti-bench: %s%s\n", who.c_str(), error.what());
  }
  return kFailedStatus;
}

}  // namespace tutti::bench
