// SPDX-License-Identifier: Apache-2.0
// The table on stdout, with the columns that users of nccl-tests know. As text: it prints nothing itself.
#ifndef TUTTI_BENCH_HARNESS_TABLE_H_
#define TUTTI_BENCH_HARNESS_TABLE_H_

#include <string>

#include "bench/harness/report.h"

namespace tutti::bench {

class Table {
 public:
  static constexpr int kWideColumns = 151;

  // Wide: out of place and in place side by side. Else one below the other, for narrow terminals.
  Table(bool wide, int ranks) : wide_(wide), ranks_(ranks) {}

  std::string Header() const;
  std::string Line(const Row& row) const;

 private:
  std::string Block(const Row& row, const std::optional<Measurement>& m) const;

  bool wide_;
  int ranks_;
};

// At most six characters, microseconds: "0.123", "12.34", "1234.5", "123456"; seconds from a million on: "1.23s".
std::string FormatMicroseconds(double ns);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_TABLE_H_
