// SPDX-License-Identifier: Apache-2.0
// On what machine and when figures were taken: without it they mean nothing.
#ifndef TUTTI_BENCH_HARNESS_HOST_H_
#define TUTTI_BENCH_HARNESS_HOST_H_

#include <string>

namespace tutti::bench {

struct Host {
  std::string name;
  std::string system;  // kernel and its release
  std::string processor;
  int cores;  // that this process may run on
};

Host DescribeHost();

std::string DateNow();  // ISO 8601, UTC

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_HOST_H_
