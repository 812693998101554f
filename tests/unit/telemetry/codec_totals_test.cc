// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/codec_totals.h"

#include <gtest/gtest.h>

namespace tutti {
namespace {

OperationMarks Took(int64_t coded_ns, int64_t moved_ns, uint64_t raw_bytes, uint64_t sent_bytes) {
  OperationMarks marks;
  marks.arrivals.Begin(0, 1000);
  marks.begun_ns = 1000;
  marks.coded_ns = coded_ns;
  marks.finished_ns = 1000 + coded_ns + moved_ns;
  marks.raw_bytes = raw_bytes;
  marks.sent_bytes = sent_bytes;
  return marks;
}

TEST(CodecTotals, ACodecPaysWhereMovingTakesLong) {
  CodecTotals totals;
  totals.Add(Took(100, 1000, 4000, 1000));
  totals.Add(Took(100, 1000, 4000, 1000));
  EXPECT_EQ(totals.operations.get(), 2u);
  EXPECT_EQ(totals.coded.get(), 200u);
  EXPECT_EQ(totals.moved.get(), 2000u);
  EXPECT_DOUBLE_EQ(totals.SavedNs(), 6000);
  EXPECT_FALSE(totals.CostsMore());
}

TEST(CodecTotals, ACodecCostsMoreWhereMovingIsQuickOrNothingIsSaved) {
  CodecTotals quick;
  quick.Add(Took(1000, 100, 4000, 1000));
  EXPECT_TRUE(quick.CostsMore());
  CodecTotals longer;
  longer.Add(Took(10, 5000, 4000, 4016));
  EXPECT_EQ(longer.SavedNs(), 0);
  EXPECT_TRUE(longer.CostsMore());
}

}  // namespace
}  // namespace tutti
