// SPDX-License-Identifier: Apache-2.0
// One program, two lives: started by ctest it is the test, started by the test (Job) it is a rank.
#include <gtest/gtest.h>

namespace tutti::multi_process {
int RunRankProgram(int argc, char** argv);
}

int main(int argc, char** argv) {
  const int status = tutti::multi_process::RunRankProgram(argc, argv);
  if (status >= 0) return status;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
