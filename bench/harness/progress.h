// SPDX-License-Identifier: Apache-2.0
// One line on the terminal that says how far a long run is. Silent where stderr is no terminal, and for the first second.
#ifndef TUTTI_BENCH_HARNESS_PROGRESS_H_
#define TUTTI_BENCH_HARNESS_PROGRESS_H_

#include <chrono>
#include <string>

namespace tutti::bench {

class Progress {
 public:
  // `active`: false on all ranks but one.
  Progress(bool active, int steps);

  void Begin(const std::string& step);  // the next of the steps
  void Clear();                         // before something else is printed

 private:
  bool active_;
  int steps_;
  int step_ = 0;
  bool shown_ = false;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_PROGRESS_H_
