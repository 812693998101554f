// SPDX-License-Identifier: Apache-2.0
#include "collectives/select/select.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "collectives/select/rules.h"

namespace tutti {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const Algorithm* Wish(const AlgorithmOverrides& overrides, Collective collective) {
  const auto& wishes = overrides.by_collective[static_cast<size_t>(collective)];
  return wishes.empty() ? nullptr : wishes[0].algorithm;
}

std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<AlgorithmOverrides> overrides = AlgorithmOverrides::Parse(text);
  EXPECT_FALSE(overrides.ok()) << text;
  return overrides.ok() ? std::string() : std::string{overrides.status().message()};
}

TEST(AlgorithmOverrides, AnEmptyTextIsNoWish) {
  for (const char* text : {"", "  \t", "\n# nothing\n"}) {
    const auto overrides = AlgorithmOverrides::Parse(text);
    ASSERT_TRUE(overrides.ok());
    for (const auto& wishes : overrides->by_collective) EXPECT_TRUE(wishes.empty());
  }
}

TEST(AlgorithmOverrides, ReadsOneWishPerCollective) {
  const auto overrides = AlgorithmOverrides::Parse(" all_reduce : ring, broadcast:binomial ");
  ASSERT_TRUE(overrides.ok()) << overrides.status();
  EXPECT_EQ(Wish(*overrides, Collective::kAllReduce), FindAlgorithm(Collective::kAllReduce, "ring"));
  EXPECT_EQ(Wish(*overrides, Collective::kBroadcast), FindAlgorithm(Collective::kBroadcast, "binomial"));
  EXPECT_EQ(Wish(*overrides, Collective::kBarrier), nullptr);
}

TEST(AlgorithmOverrides, TakesEveryAlgorithmByName) {
  for (int c = 0; c < kNumCollectives; ++c) {
    for (const Algorithm& algorithm : Algorithms(static_cast<Collective>(c))) {
      const std::string text = std::string(CollectiveName(algorithm.collective)) + ":" + algorithm.name;
      const auto overrides = AlgorithmOverrides::Parse(text);
      ASSERT_TRUE(overrides.ok()) << text << ": " << overrides.status();
      EXPECT_EQ(Wish(*overrides, algorithm.collective), &algorithm);
    }
  }
}

TEST(AlgorithmOverrides, AMisspeltAlgorithmGetsTheNearestAndAllNames) {
  EXPECT_THAT(ErrorOf("broadcast:binomial,all_reduce:rign"),
              AllOf(HasSubstr("item 2 (\"all_reduce:rign\")"), HasSubstr("\"rign\" is not an algorithm for all_reduce"),
                    HasSubstr("Did you mean \"ring\"?"),
                    HasSubstr("one_shot, recursive_doubling, ring, circulant, double_tree")));
}

TEST(AlgorithmOverrides, AnAlgorithmOfAnotherCollectiveIsRefused) {
  EXPECT_THAT(ErrorOf("barrier:ring"), HasSubstr("\"ring\" is not an algorithm for barrier"));
}

TEST(AlgorithmOverrides, AMisspeltCollectiveGetsTheNearestAndAllNames) {
  EXPECT_THAT(ErrorOf("AllReduce:ring"), AllOf(HasSubstr("\"AllReduce\" is not a collective"),
                                               HasSubstr("Did you mean \"all_reduce\"?"), HasSubstr("reduce_scatter")));
}

TEST(AlgorithmOverrides, NothingIsSuggestedForWhatIsFarFromEverything) {
  EXPECT_THAT(ErrorOf("all_reduce:hypercubic_magic"), AllOf(Not(HasSubstr("Did you mean")), HasSubstr("Valid names")));
}

TEST(AlgorithmOverrides, ItemsWithoutColonAreExplained) {
  EXPECT_THAT(ErrorOf("ring"), HasSubstr("expected collective:algorithm"));
  EXPECT_THAT(ErrorOf("all_reduce:ring,"), HasSubstr("item 2 (\"\")"));
}

TEST(AlgorithmOverrides, MissingPartsAreNamed) {
  EXPECT_THAT(ErrorOf(":ring"), HasSubstr("\"\" is not a collective"));
  EXPECT_THAT(ErrorOf("all_reduce:"), HasSubstr("\"\" is not an algorithm"));
  EXPECT_THAT(ErrorOf("all_reduce:ring:ring"), HasSubstr("\"ring:ring\" is not an algorithm"));
}

TEST(AlgorithmOverrides, TwoWishesForOneCollectiveAreRefused) {
  EXPECT_THAT(ErrorOf("all_reduce:ring,all_reduce:circulant"),
              HasSubstr("all_reduce has an algorithm already: \"ring\""));
}

const char* NameFor(const AlgorithmOverrides& overrides, int ranks, uint64_t bytes) {
  Shape shape;
  shape.num_ranks = ranks;
  shape.count = bytes / shape.element_bytes;
  const Algorithm* algorithm = overrides.For(shape);
  return algorithm == nullptr ? "none" : algorithm->name;
}

TEST(AlgorithmOverrides, TheFirstThatFitsSizeAndRanksCounts) {
  const auto overrides =
      AlgorithmOverrides::Parse("all_reduce:one_shot@-1K/2-8, ring@64K-, recursive_doubling@-4K ,circulant@4K-64k/16");
  ASSERT_TRUE(overrides.ok()) << overrides.status();
  EXPECT_STREQ(NameFor(*overrides, 8, 1024), "one_shot");
  EXPECT_STREQ(NameFor(*overrides, 9, 1024), "recursive_doubling");
  EXPECT_STREQ(NameFor(*overrides, 8, 1028), "recursive_doubling");
  EXPECT_STREQ(NameFor(*overrides, 16, 4096), "recursive_doubling");
  EXPECT_STREQ(NameFor(*overrides, 16, 4100), "circulant");
  EXPECT_STREQ(NameFor(*overrides, 17, 4100), "none");
  EXPECT_STREQ(NameFor(*overrides, 16, 65536), "ring");
  EXPECT_STREQ(NameFor(*overrides, 2, uint64_t{1} << 40), "ring");
}

TEST(AlgorithmOverrides, ReadsTablesOfSeveralLines) {
  const auto overrides = AlgorithmOverrides::Parse(
      "# measured\nall_reduce:ring@1M-  # long\ncirculant\n\nbarrier:tree/-4,dissemination/5-\n");
  ASSERT_TRUE(overrides.ok()) << overrides.status();
  EXPECT_STREQ(NameFor(*overrides, 4, 1 << 20), "ring");
  EXPECT_STREQ(NameFor(*overrides, 4, 1000), "circulant");
  Shape barrier;
  barrier.collective = Collective::kBarrier;
  barrier.num_ranks = 5;
  EXPECT_STREQ(overrides->For(barrier)->name, "dissemination");
  EXPECT_THAT(ErrorOf("all_reduce:ring\n\nbroadcast:binomial,rign\n"), HasSubstr("line 3, item 2 (\"rign\")"));
}

TEST(AlgorithmOverrides, MalformedRangesAreQuoted) {
  EXPECT_THAT(ErrorOf("all_reduce:ring@64Q-"),
              HasSubstr("item 1 (\"all_reduce:ring@64Q-\"): \"64Q-\" is not a range of sizes"));
  EXPECT_THAT(ErrorOf("all_reduce:ring@1M-64K"), HasSubstr("\"1M-64K\" is not a range of sizes"));
  EXPECT_THAT(ErrorOf("all_reduce:ring@-"), HasSubstr("\"-\" is not a range of sizes"));
  EXPECT_THAT(ErrorOf("all_reduce:ring@"), HasSubstr("\"\" is not a range of sizes"));
  EXPECT_THAT(ErrorOf("all_reduce:ring@18446744073709551615K"), HasSubstr("is not a range of sizes"));
  EXPECT_THAT(ErrorOf("all_reduce:ring@1-2-3"), HasSubstr("\"1-2-3\" is not a range of sizes"));
  EXPECT_THAT(ErrorOf("all_reduce:ring/0-8"), HasSubstr("\"0-8\" is not a range of ranks"));
  EXPECT_THAT(ErrorOf("all_reduce:ring/x@1K"), HasSubstr("\"x\" is not a range of ranks"));
  EXPECT_THAT(ErrorOf("all_reduce:ring@1K-/9999999999"), HasSubstr("is not a range of ranks"));
}

TEST(AlgorithmOverrides, AnItemThatIsNeverUsedIsRefused) {
  EXPECT_THAT(ErrorOf("all_reduce:ring@-64K,circulant@1K-4K"),
              HasSubstr("all_reduce has an algorithm already for all of this: \"ring\""));
  EXPECT_TRUE(AlgorithmOverrides::Parse("all_reduce:ring@-64K,circulant@1K-128K").ok());
}

TEST(AlgorithmOverrides, HostileTextIsEscapedAndCut) {
  const std::string error = ErrorOf(std::string("all_reduce:\x1b[31m\t\0\xff", 18) + std::string(50'000, 'x'));
  EXPECT_LT(error.size(), 1000u);
  for (char c : error) EXPECT_TRUE(c >= ' ' && c <= '~') << static_cast<int>(c);
}

Shape ShapeOf(Collective collective, int num_ranks, uint64_t count) {
  Shape shape;
  shape.collective = collective;
  shape.num_ranks = num_ranks;
  shape.count = collective == Collective::kBarrier ? 0 : count;
  return shape;
}

TEST(ChooseAlgorithm, AlwaysHasAnAnswerOfTheRightCollective) {
  for (int c = 0; c < kNumCollectives; ++c) {
    for (int n : {1, 2, 3, 8, 9, 64, 1000, 100'000}) {
      for (uint64_t count = 0; count < (uint64_t{1} << 61); count = count * 4 + 1) {
        const Choice choice = ChooseAlgorithm(ShapeOf(static_cast<Collective>(c), n, count), nullptr);
        ASSERT_NE(choice.algorithm, nullptr);
        EXPECT_EQ(choice.algorithm->collective, static_cast<Collective>(c));
      }
    }
  }
}

TEST(ChooseAlgorithm, MoreBytesNeverMeanSmallerSegmentsOfTheSameAlgorithm) {
  for (int c = 0; c < kNumCollectives; ++c) {
    Choice before;
    for (uint64_t count = 1; count < (uint64_t{1} << 40); count *= 2) {
      const Choice choice = ChooseAlgorithm(ShapeOf(static_cast<Collective>(c), 32, count), nullptr);
      if (choice.algorithm == before.algorithm) {
        EXPECT_GE(choice.segment_bytes, before.segment_bytes);
      }
      before = choice;
    }
  }
}

TEST(ChooseAlgorithm, FollowsSizeAndRanks) {
  const auto name = [](int num_ranks, uint64_t bytes) {
    return std::string(ChooseAlgorithm(ShapeOf(Collective::kAllReduce, num_ranks, bytes / 4), nullptr).algorithm->name);
  };
  EXPECT_EQ(name(4, 8), "one_shot");
  EXPECT_EQ(name(64, 8), "recursive_doubling");
  EXPECT_EQ(name(4, 256 << 10), "circulant");
  EXPECT_EQ(name(4, 32 << 20), "ring");
  EXPECT_EQ(name(64, 32 << 20), "double_tree");
}

TEST(ChooseAlgorithm, RanksThatShareMemoryUseItWhereItFits) {
  for (int c = 0; c < kNumCollectives; ++c) {
    for (int n : {2, 64}) {
      for (uint64_t count : {0u, 1u, 50u}) {
        const Shape shape = ShapeOf(static_cast<Collective>(c), n, count);
        const Choice choice = ChooseAlgorithm(shape, nullptr, {.share_memory = true});
        // One short message to each rank, or from each, is as quick.
        const bool one_each =
            shape.collective == Collective::kGather || (shape.collective == Collective::kScatter && n == 2);
        EXPECT_EQ(choice.algorithm->window != nullptr, !one_each)
            << CollectiveName(shape.collective) << " of " << n << " ranks";
        EXPECT_EQ(ChooseAlgorithm(shape, nullptr).algorithm->window, nullptr);
      }
      const Shape huge = ShapeOf(static_cast<Collective>(c), n, uint64_t{1} << 50);
      if (huge.count > 0) {
        EXPECT_EQ(ChooseAlgorithm(huge, nullptr, {.share_memory = true}).algorithm->window, nullptr);
      }
    }
  }
}

TEST(ChooseAlgorithm, BetweenHostsLongBlocksGoOnce) {
  const std::vector<int> groups = {0, 0, 0, 0, 4, 4, 4, 4};
  for (Collective collective : {Collective::kAllGather, Collective::kReduceScatter}) {
    const auto name = [&](uint64_t count, absl::Span<const int> hosts) {
      Shape shape = ShapeOf(collective, 8, count);
      shape.groups = hosts;
      return std::string(ChooseAlgorithm(shape, nullptr).algorithm->name);
    };
    EXPECT_EQ(name(1 << 16, groups), "hierarchical");
    EXPECT_NE(name(16, groups), "hierarchical");
    EXPECT_NE(name(1 << 16, {}), "hierarchical");
  }
}

TEST(ChooseAlgorithm, OneRankOnEachHostOfEvenRacksReducesByRacks) {
  const std::vector<std::vector<int>> racks = {{0, 0, 0, 0, 4, 4, 4, 4}};
  const auto choice = [&](uint64_t bytes, bool is_even) {
    Shape shape = ShapeOf(Collective::kAllReduce, 8, bytes / 4);
    shape.wider = racks;
    shape.wider_is_even = is_even;
    return ChooseAlgorithm(shape, nullptr);
  };
  for (const uint64_t bytes : {uint64_t{32} << 10, uint64_t{1} << 20, uint64_t{64} << 20}) {
    EXPECT_STREQ(choice(bytes, true).algorithm->name, "hierarchical") << bytes;
    EXPECT_STRNE(choice(bytes, false).algorithm->name, "hierarchical") << bytes;
  }
  EXPECT_STREQ(choice(16 << 10, true).algorithm->name, "recursive_doubling");
  EXPECT_STREQ(choice(uint64_t{128} << 20, true).algorithm->name, "ring");
  EXPECT_EQ(choice(1 << 20, true).segment_bytes, 256u << 10);
  for (const Collective collective : {Collective::kAllGather, Collective::kReduceScatter}) {
    const auto is_hierarchical = [&](uint64_t bytes) {
      Shape blocks = ShapeOf(collective, 8, bytes / 8 / 4);
      blocks.wider = racks;
      blocks.wider_is_even = true;
      return ChooseAlgorithm(blocks, nullptr).algorithm->name == std::string("hierarchical");
    };
    EXPECT_FALSE(is_hierarchical(256 << 10));
    EXPECT_TRUE(is_hierarchical(1 << 20));
    EXPECT_FALSE(is_hierarchical(16 << 20)) << "few ranks have a ring that is as good";
  }
  // With a codec racks are not taken for hosts: inside them, too, bytes go over a network.
  Shape shape = ShapeOf(Collective::kAllReduce, 8, 1 << 20);
  shape.wider = racks;
  EXPECT_STREQ(ChooseEncodedAlgorithm(shape, nullptr, false).algorithm->name, "encoded_direct");
}

TEST(ChooseAlgorithm, SmallMessagesOfARootGoThroughRingsWhereRanksOutnumberCores) {
  const ChoiceOptions roomy{.share_memory = true};
  const ChoiceOptions crowded{.share_memory = true, .crowded = true};
  for (Collective collective : {Collective::kBroadcast, Collective::kReduce}) {
    const Shape small = ShapeOf(collective, 8, 100);
    const Shape large = ShapeOf(collective, 8, 1 << 20);
    EXPECT_NE(ChooseAlgorithm(small, nullptr, roomy).algorithm->window, nullptr);
    EXPECT_EQ(ChooseAlgorithm(small, nullptr, crowded).algorithm->window, nullptr);
    EXPECT_NE(ChooseAlgorithm(large, nullptr, roomy).algorithm->window, nullptr);
    EXPECT_NE(ChooseAlgorithm(large, nullptr, crowded).algorithm->window, nullptr);
  }
}

TEST(ChooseAlgorithm, RanksThatOutnumberCoresGetFewMessages) {
  const ChoiceOptions crowded{.crowded = true};
  const auto name = [](Collective collective, const ChoiceOptions& options) {
    return std::string(ChooseAlgorithm(ShapeOf(collective, 8, 2), nullptr, options).algorithm->name);
  };
  EXPECT_EQ(name(Collective::kAllReduce, crowded), "hierarchical");
  EXPECT_EQ(name(Collective::kBarrier, crowded), "tree");
  EXPECT_EQ(name(Collective::kAllReduce, {.share_memory = true, .crowded = true}), "shared_one_shot");
  Shape hosts = ShapeOf(Collective::kAllReduce, 8, 50 << 20);
  EXPECT_STRNE(ChooseAlgorithm(hosts, nullptr, crowded).algorithm->name, "hierarchical");
  const std::vector<int> groups = {0, 0, 0, 0, 4, 4, 4, 4};
  hosts.groups = groups;
  EXPECT_STREQ(ChooseAlgorithm(hosts, nullptr, crowded).algorithm->name, "hierarchical");
  for (int c = 0; c < kNumCollectives; ++c) {
    for (int n : {1, 2, 3, 8, 64, 1000}) {
      for (uint64_t count = 0; count < (uint64_t{1} << 40); count = count * 4 + 1) {
        const Choice choice = ChooseAlgorithm(ShapeOf(static_cast<Collective>(c), n, count), nullptr, crowded);
        ASSERT_NE(choice.algorithm, nullptr);
        EXPECT_EQ(choice.algorithm->collective, static_cast<Collective>(c));
        EXPECT_EQ(choice.algorithm->window, nullptr);
      }
    }
  }
}

TEST(ChooseAlgorithm, UnevenBlocksGetAnAlgorithmThatTakesThem) {
  const RankBlocks blocks;
  for (int c = 0; c < kNumCollectives; ++c) {
    if (!HasBlockPerRank(static_cast<Collective>(c))) continue;
    for (int n : {1, 2, 64, 1000}) {
      for (uint64_t count : {uint64_t{0}, uint64_t{1000}, uint64_t{1} << 40}) {
        Shape shape = ShapeOf(static_cast<Collective>(c), n, count);
        shape.blocks = absl::MakeConstSpan(&blocks, 1);
        for (const Algorithm& wish : Algorithms(shape.collective)) {
          const Choice choice = ChooseAlgorithm(shape, &wish, {.share_memory = true});
          EXPECT_TRUE(choice.algorithm->takes_uneven_blocks);
          EXPECT_EQ(choice.algorithm == &wish, wish.takes_uneven_blocks);
        }
        EXPECT_TRUE(ChooseAlgorithm(shape, nullptr, {.share_memory = true}).algorithm->takes_uneven_blocks);
      }
    }
  }
}

TEST(ChooseAlgorithm, AnOperationThatDoesNotCommuteGetsAnAlgorithmThatKeepsRankOrder) {
  for (Collective collective : {Collective::kAllReduce, Collective::kReduce, Collective::kReduceScatter}) {
    for (int n : {1, 2, 8, 9, 64, 1000}) {
      for (uint64_t count : {uint64_t{1}, uint64_t{3000}, uint64_t{1} << 20, uint64_t{1} << 40}) {
        const Shape shape = ShapeOf(collective, n, count);
        for (bool share_memory : {false, true}) {
          const ChoiceOptions options{.share_memory = share_memory, .in_rank_order = true};
          EXPECT_TRUE(ChooseAlgorithm(shape, nullptr, options).algorithm->keeps_rank_order);
          for (const Algorithm& wish : Algorithms(collective)) {
            const Algorithm* chosen = ChooseAlgorithm(shape, &wish, options).algorithm;
            EXPECT_TRUE(chosen->keeps_rank_order) << wish.name;
            EXPECT_EQ(chosen == &wish, wish.keeps_rank_order) << wish.name;
          }
        }
      }
    }
  }
}

TEST(ChooseAlgorithm, AWishIsFollowed) {
  const Algorithm* wish = FindAlgorithm(Collective::kAllReduce, "one_shot");
  EXPECT_EQ(ChooseAlgorithm(ShapeOf(Collective::kAllReduce, 64, 1 << 20), wish).algorithm, wish);
}

TEST(ChooseAlgorithm, ASegmentSizeInTheShapeIsKept) {
  Shape shape = ShapeOf(Collective::kAllReduce, 4, 32 << 20);
  EXPECT_NE(ChooseAlgorithm(shape, nullptr).segment_bytes, 0u);
  shape.segment_bytes = 12345;
  EXPECT_EQ(ChooseAlgorithm(shape, nullptr).segment_bytes, 12345u);
}

TEST(ChooseEncodedAlgorithm, GoesByHostsThenByHowSparseCodesAre) {
  const auto name = [](const Shape& shape, bool very_sparse) {
    return std::string(ChooseEncodedAlgorithm(shape, nullptr, very_sparse).algorithm->name);
  };
  Shape shape = ShapeOf(Collective::kAllReduce, 4, 1 << 20);
  EXPECT_EQ(name(shape, false), "encoded_direct");
  EXPECT_EQ(name(shape, true), "encoded_gather");
  EXPECT_EQ(name(ShapeOf(Collective::kAllReduce, 5, 1 << 20), true), "encoded_direct");
  const std::vector<int> groups = {0, 0, 1, 1};
  shape.groups = groups;
  EXPECT_EQ(name(shape, false), "encoded_hierarchical");
  EXPECT_EQ(name(shape, true), "encoded_hierarchical");
  const Algorithm* gather = AlgorithmOf(Collective::kAllReduce, 41);
  EXPECT_EQ(ChooseEncodedAlgorithm(shape, gather, false).algorithm, gather);
  const Algorithm* ring = FindAlgorithm(Collective::kAllReduce, "ring");
  EXPECT_EQ(ChooseEncodedAlgorithm(shape, ring, false).algorithm->name, std::string("encoded_hierarchical"))
      << "a wish that cannot encode is none";
}

TEST(SelectionRules, NameAlgorithmsThatExistAndEndWithOneForEverything) {
  for (int c = 0; c < kNumCollectives; ++c) {
    const auto rules = SelectionRules(static_cast<Collective>(c));
    ASSERT_FALSE(rules.empty());
    for (const SelectionRule& rule : rules) {
      EXPECT_NE(FindAlgorithm(static_cast<Collective>(c), rule.algorithm), nullptr) << rule.algorithm;
    }
    EXPECT_EQ(rules.back().max_ranks, kAnyRanks);
    EXPECT_EQ(rules.back().max_bytes, kAnyBytes);
  }
}

TEST(SelectionRules, TotalBytesSaturate) {
  Shape shape = ShapeOf(Collective::kAllGather, 1024, uint64_t{1} << 60);
  EXPECT_EQ(TotalBytes(shape), kAnyBytes);
  shape.count = 10;
  EXPECT_EQ(TotalBytes(shape), 40'960u);
}

}  // namespace
}  // namespace tutti
