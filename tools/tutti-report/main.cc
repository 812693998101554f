// SPDX-License-Identifier: Apache-2.0
// tutti-report: reads what the ranks of a job recorded, and shows it. Reading, merging and showing have files of their own.
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "tools/tutti-report/clocks.h"
#include "tools/tutti-report/facts.h"
#include "tools/tutti-report/facts_json.h"
#include "tools/tutti-report/html_page.h"
#include "tools/tutti-report/options.h"
#include "tools/tutti-report/perfetto.h"
#include "tools/tutti-report/trace_reader.h"

namespace {

using namespace tutti::report;

int Fail(const std::string& what) {
  std::cerr << "tutti-report: " << what << "\n";
  return 1;
}

int WritePage(const Facts& facts, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  file << MakePage(facts);
  file.close();
  if (!file) return Fail(path + " cannot be written");
  for (const std::string& sentence : facts.summary) std::cout << sentence << "\n";
  std::cout << "\nThe report is " << path << "\n" << std::flush;
  return std::cout ? 0 : 1;
}

int WriteTrace(const Records& records, const Clocks& clocks, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  WritePerfetto(records, clocks, file);
  file.close();
  return file ? 0 : Fail(path + " cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  int status = 0;
  const auto options = ParseOptions(argc, argv, &status);
  if (!options) return status;
  Records records;
  const std::string wrong = ReadTraces(options->directory, options->job, &records);
  if (!wrong.empty()) return Fail(wrong);
  for (const std::string& problem : records.problems) std::cerr << "tutti-report: " << problem << "\n";
  const Clocks clocks(records);
  if (!options->perfetto.empty()) return WriteTrace(records, clocks, options->perfetto);
  const Facts facts = FindFacts(records, clocks);
  if (!options->json) return WritePage(facts, options->output);
  std::cout << ToJson(facts).dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) << std::endl;
  return std::cout ? 0 : 1;
}
