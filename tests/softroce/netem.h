// SPDX-License-Identifier: Apache-2.0
// Makes a network interface's outgoing packets suffer.
#ifndef TUTTI_TESTS_SOFTROCE_NETEM_H_
#define TUTTI_TESTS_SOFTROCE_NETEM_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace tutti {

// As `tc` says it ("loss 5%"), until the end of its life.
class Netem {
 public:
  explicit Netem(const std::string& how, std::string interface = "eth0") : interface_(std::move(interface)) {
    EXPECT_EQ(std::system(("tc qdisc replace dev " + interface_ + " root netem limit 10000 " + how).c_str()), 0);
  }
  ~Netem() { (void)!std::system(("tc qdisc del dev " + interface_ + " root").c_str()); }
  Netem(const Netem&) = delete;
  Netem& operator=(const Netem&) = delete;

 private:
  const std::string interface_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SOFTROCE_NETEM_H_
