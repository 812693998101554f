// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/table.h"

#include <cinttypes>
#include <cstdarg>
#include <cstdio>

namespace tutti::bench {
namespace {

__attribute__((format(printf, 1, 2))) std::string Format(const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return text;
}

std::string Bandwidth(double gigabytes_per_s) {
  const double b = gigabytes_per_s;
  return Format(b < 10 ? "%.3f" : b < 100 ? "%.2f" : b < 1000 ? "%.1f" : "%.0f", b);
}

constexpr int kBlockColumns = 55;
constexpr int kLeftColumns = 41;

std::string Titles(const char* size, const char* count, const char* type, const char* op, const char* root) {
  return Format("%10s%11s%9s%6s%5s", size, count, type, op, root);
}

std::string BlockTitles(const char* const (&t)[8]) {
  return Format("%8s%6s%6s%7s%7s%7s%7s%7s", t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7]);
}

std::string Centred(const std::string& text, int columns) {
  const int left = (columns - static_cast<int>(text.size())) / 2;
  return Format("%*s%s%*s", left, "", text.c_str(), columns - left - static_cast<int>(text.size()), "");
}

// Lines that are not data begin with '#', for plotting programs.
std::string Marked(std::string line) {
  line[0] = '#';
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::string FormatMicroseconds(double ns) {
  const double us = ns / 1000;
  if (us < 10) return Format("%.3f", us);
  if (us < 1000) return Format("%.2f", us);
  if (us < 10000) return Format("%.1f", us);
  if (us < 999999.5) return Format("%.0f", us);
  const double s = us / 1e6;
  return Format(s < 10 ? "%.3fs" : s < 100 ? "%.2fs" : "%.0fs", s);
}

std::string Table::Header() const {
  static constexpr const char* kNames[8] = {"time", "algbw", "busbw", "#wrong", "p50", "p99", "p99.9", "max"};
  static constexpr const char* kUnits[8] = {"(us)", "GB/s", "GB/s", "", "(us)", "(us)", "(us)", "(us)"};
  const std::string left = Titles("size", "count", "type", "redop", "root");
  const std::string units = Titles("(B)", "(elements)", "", "", "");
  if (!wide_) {
    return Marked(left + "  place" + BlockTitles(kNames)) + Marked(units + "       " + BlockTitles(kUnits));
  }
  return Marked(Format("%*s", kLeftColumns, "") + Centred("out-of-place", kBlockColumns) +
                Centred("in-place", kBlockColumns)) +
         Marked(left + BlockTitles(kNames) + BlockTitles(kNames)) +
         Marked(units + BlockTitles(kUnits) + BlockTitles(kUnits));
}

std::string Table::Block(const Row& row, const std::optional<Measurement>& m) const {
  if (!m) {
    static constexpr const char* kNone[8] = {"-", "-", "-", "-", "-", "-", "-", "-"};
    return BlockTitles(kNone);
  }
  const auto percentile = [&](double p) {
    return m->samples.empty() ? std::string("-") : FormatMicroseconds(static_cast<double>(m->samples.PercentileNs(p)));
  };
  const std::string time = FormatMicroseconds(m->time_ns);
  const std::string algbw = Bandwidth(AlgorithmBandwidth(row, *m));
  const std::string busbw = Bandwidth(BusBandwidth(row, *m, ranks_));
  const std::string wrong = row.checked ? std::to_string(m->wrong) : "N/A";
  const std::string p50 = percentile(50), p99 = percentile(99), p999 = percentile(99.9), max = percentile(100);
  const char* const texts[8] = {time.c_str(), algbw.c_str(), busbw.c_str(), wrong.c_str(),
                                p50.c_str(),  p99.c_str(),   p999.c_str(),  max.c_str()};
  return BlockTitles(texts);
}

std::string Table::Line(const Row& row) const {
  const Operation& operation = *row.call.operation;
  const std::string left = Titles(std::to_string(row.bytes).c_str(), std::to_string(row.call.count).c_str(),
                                  operation.moves_data ? tutti_dtype_name(row.call.dtype) : "none",
                                  operation.reduces ? tutti_op_name(row.call.op) : "none",
                                  operation.rooted ? std::to_string(row.call.root).c_str() : "-1");
  if (wide_) return left + Block(row, row.out_of_place) + Block(row, row.in_place) + "\n";
  std::string lines = left + "    out" + Block(row, row.out_of_place) + "\n";
  if (operation.has_in_place) lines += left + "     in" + Block(row, row.in_place) + "\n";
  return lines;
}

}  // namespace tutti::bench
