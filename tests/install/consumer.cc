// SPDX-License-Identifier: Apache-2.0
// A stranger's program in C++: one rank, one asynchronous all-reduce.
#include <tutti/tutti.h>

#include <iostream>
#include <vector>

int main() {
  tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
  config.rank = 0;
  config.size = 1;
  tutti_comm_t comm = nullptr;
  tutti_request_t request = nullptr;
  const std::vector<double> values(3, 3.0);
  std::vector<double> sums(3);
  if (tutti_comm_create(&config, &comm) != TUTTI_OK ||
      tutti_all_reduce(comm, values.data(), sums.data(), 3, TUTTI_FLOAT64, TUTTI_SUM, nullptr, &request) != TUTTI_OK ||
      tutti_request_wait(&request) != TUTTI_OK) {
    std::cerr << tutti_last_error() << "\n";
    return 1;
  }
  tutti_comm_destroy(comm);
  std::cout << "tutti " << tutti_version() << ": sum " << sums[0] << " " << sums[1] << " " << sums[2] << "\n";
  return 0;
}
