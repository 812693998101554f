// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/line_prefixer.h"

#include <gtest/gtest.h>

namespace tutti::launch {
namespace {

TEST(LinePrefixer, EveryLineGetsThePrefixHoweverTheBytesArrive) {
  const std::string text = "one\n\ntwo\nthree";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    LinePrefixer prefixer("[7] ");
    std::string lines;
    for (size_t at = 0; at < text.size(); at += piece) prefixer.Feed(text.substr(at, piece), &lines);
    EXPECT_EQ(lines, "[7] one\n[7] \n[7] two\n") << "pieces of " << piece;
    prefixer.Finish(&lines);
    EXPECT_EQ(lines, "[7] one\n[7] \n[7] two\n[7] three\n");
  }
}

TEST(LinePrefixer, NothingGivesNothing) {
  LinePrefixer prefixer("[0] ");
  std::string lines;
  prefixer.Feed("", &lines);
  prefixer.Finish(&lines);
  EXPECT_EQ(lines, "");
}

TEST(LinePrefixer, ALineOfTheLargestLengthStaysWhole) {
  LinePrefixer prefixer("> ");
  std::string lines;
  prefixer.Feed(std::string(kMaxLineBytes, 'x'), &lines);
  EXPECT_EQ(lines, "");
  prefixer.Feed("\n", &lines);
  EXPECT_EQ(lines, "> " + std::string(kMaxLineBytes, 'x') + "\n");
}

TEST(LinePrefixer, ALongerLineIsBrokenAndLosesNothing) {
  LinePrefixer prefixer("> ");
  std::string lines;
  prefixer.Feed(std::string(2 * kMaxLineBytes + 5, 'x') + "\nnext\n", &lines);
  const std::string full = "> " + std::string(kMaxLineBytes, 'x') + "\n";
  EXPECT_EQ(lines, full + full + "> xxxxx\n> next\n");
}

}  // namespace
}  // namespace tutti::launch
