// SPDX-License-Identifier: Apache-2.0
// Every algorithm of every collective, run by the engine over simulated networks, against a plain reference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "collectives/algorithms/registry.h"
#include "lib/base/prng.h"
#include "sanitized.h"
#include "sim_job.h"

namespace tutti {
namespace {

// Values small enough for every sum of up to 16 ranks to be exact.
int64_t ValueOf(int rank, uint64_t element) {
  return static_cast<int64_t>((element * 7 + static_cast<uint64_t>(rank) * 13) % 100);
}

int64_t Combined(ReduceOp op, int ranks, uint64_t element) {
  int64_t result = ValueOf(0, element);
  for (int rank = 1; rank < ranks; ++rank) {
    const int64_t value = ValueOf(rank, element);
    if (op == ReduceOp::kMin)
      result = std::min(result, value);
    else if (op == ReduceOp::kMax)
      result = std::max(result, value);
    else
      result += value;
  }
  return op == ReduceOp::kAvg ? result / ranks : result;
}

std::vector<int64_t> Expected(const Shape& shape, ReduceOp op, int rank) {
  std::vector<int64_t> expected(OutputElements(shape, rank));
  for (uint64_t i = 0; i < expected.size(); ++i) {
    switch (shape.collective) {
      case Collective::kAllReduce:
      case Collective::kReduce:
        expected[i] = Combined(op, shape.num_ranks, i);
        break;
      case Collective::kReduceScatter:
        expected[i] = Combined(op, shape.num_ranks, static_cast<uint64_t>(rank) * shape.count + i);
        break;
      case Collective::kBroadcast:
        expected[i] = ValueOf(shape.root, i);
        break;
      case Collective::kScatter:
        expected[i] = ValueOf(shape.root, static_cast<uint64_t>(rank) * shape.count + i);
        break;
      case Collective::kGather:
      case Collective::kAllGather:
        expected[i] = ValueOf(static_cast<int>(i / shape.count), i % shape.count);
        break;
      case Collective::kAllToAll:
        expected[i] =
            ValueOf(static_cast<int>(i / shape.count), static_cast<uint64_t>(rank) * shape.count + i % shape.count);
        break;
      case Collective::kBarrier:
        break;
    }
  }
  return expected;
}

struct Buffers {
  std::vector<int64_t> memory;  // of both, in place
  int64_t* input = nullptr;
  int64_t* output = nullptr;
};

Buffers MakeBuffers(const Shape& shape, int rank) {
  const uint64_t inputs = InputElements(shape, rank);
  const uint64_t outputs = OutputElements(shape, rank);
  Buffers buffers;
  const bool in_place = shape.in_place && inputs > 0 && outputs > 0;
  buffers.memory.assign(in_place ? std::max(inputs, outputs) : inputs + outputs, -1);
  buffers.input = buffers.memory.data();
  buffers.output = in_place ? buffers.memory.data() : buffers.memory.data() + inputs;
  if (in_place) {
    const int64_t offset = InputOffsetInOutput(shape, rank);
    if (offset >= 0)
      buffers.input = buffers.output + offset;
    else
      buffers.output = buffers.input - offset;
  }
  for (uint64_t i = 0; i < inputs; ++i) buffers.input[i] = ValueOf(rank, i);
  return buffers;
}

struct Case {
  Collective collective;
  int algorithm;  // place in the registry
};

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return absl::StrCat(CollectiveName(info.param.collective), "_",
                      Algorithms(info.param.collective)[static_cast<size_t>(info.param.algorithm)].name);
}

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  for (int c = 0; c < kNumCollectives; ++c) {
    const auto collective = static_cast<Collective>(c);
    for (size_t a = 0; a < Algorithms(collective).size(); ++a) cases.push_back({collective, static_cast<int>(a)});
  }
  return cases;
}

class CollectivesOnSim : public ::testing::TestWithParam<Case> {
 protected:
  const Algorithm& algorithm() const {
    return Algorithms(GetParam().collective)[static_cast<size_t>(GetParam().algorithm)];
  }

  void RunAndCheck(SimJob& job, uint64_t count, int root, bool in_place, ReduceOp op) {
    Shape shape;
    shape.collective = GetParam().collective;
    shape.num_ranks = job.size();
    shape.root = root;
    shape.count = shape.collective == Collective::kBarrier ? 0 : count;
    shape.element_bytes = 8;
    shape.in_place = in_place;
    std::vector<Buffers> buffers;
    for (int rank = 0; rank < job.size(); ++rank) buffers.push_back(MakeBuffers(shape, rank));
    const std::vector<Outcome> outcomes = job.Run([&](int rank) {
      CollectiveCall call;
      call.collective = shape.collective;
      call.send = buffers[static_cast<size_t>(rank)].input;
      call.recv = buffers[static_cast<size_t>(rank)].output;
      call.count = shape.count;
      call.type = DataType::kInt64;
      call.op = op;
      call.root = root;
      call.in_place = in_place;
      call.algorithm = &algorithm();
      return call;
    });
    for (int rank = 0; rank < job.size(); ++rank) {
      ASSERT_EQ(outcomes[static_cast<size_t>(rank)], Outcome::kOk) << job.communicator(rank).failure();
      const std::vector<int64_t> expected = Expected(shape, op, rank);
      const int64_t* output = buffers[static_cast<size_t>(rank)].output;
      const auto wrong = std::mismatch(expected.begin(), expected.end(), output);
      if (wrong.first == expected.end()) continue;
      FAIL() << "rank " << rank << " of " << job.size() << ", element " << wrong.first - expected.begin() << " of "
             << expected.size() << " is " << *wrong.second << ", not " << *wrong.first << ", root " << root
             << (in_place ? ", in place" : "");
    }
  }
};

TEST_P(CollectivesOnSim, GivesTheReferenceResultForEveryRankCountAndShape) {
  for (int ranks : kThreadSanitized ? std::vector<int>{3}
                   : kSanitized     ? std::vector<int>{1, 2, 5}
                                    : std::vector<int>{1, 2, 3, 4, 5, 7, 8, 11, 16}) {
    SimJob job(OptionsFor(ranks));
    const uint64_t n = static_cast<uint64_t>(ranks);
    for (uint64_t count : {uint64_t{0}, uint64_t{1}, n + 1, 3 * n + 2, uint64_t{1000}}) {
      for (int root : {0, ranks - 1}) {
        for (bool in_place : {false, true}) {
          RunAndCheck(job, count, root, in_place, ReduceOp::kSum);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(CollectivesOnSim, EveryOperationIsRightAndTheAverageIsFinishedOnce) {
  for (int ranks : kThreadSanitized ? std::vector<int>{2} : std::vector<int>{2, 3, 6}) {
    SimJob job(OptionsFor(ranks));
    for (ReduceOp op : {ReduceOp::kSum, ReduceOp::kMin, ReduceOp::kMax, ReduceOp::kAvg}) {
      RunAndCheck(job, 333, 1, false, op);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(CollectivesOnSim, SurvivesSlowLossyReorderingNetworks) {
  for (uint64_t seed = 1; seed <= (kSanitized ? 1 : 12); ++seed) {
    Prng random(seed);
    const int ranks = 2 + static_cast<int>(random.Between(0, 7));
    SimJob job(sim::RandomNetworkOptions(ranks, seed));
    for (int repetition = 0; repetition < (kSanitized ? 2 : 3); ++repetition) {
      const uint64_t count = static_cast<uint64_t>(random.Between(0, kSanitized ? 5'000 : 20'000));
      const int root = static_cast<int>(random.Between(0, ranks - 1));
      RunAndCheck(job, count, root, random.Between(0, 1) == 1, ReduceOp::kSum);
      if (HasFatalFailure()) {
        ADD_FAILURE() << "seed " << seed;
        return;
      }
    }
  }
}

void DemandAHierarchicalAllReduceThatIsRight(SimJob& job) {
  for (uint64_t count : {uint64_t{1}, uint64_t{20'000}}) {
    std::vector<std::vector<int64_t>> vectors;
    for (int rank = 0; rank < job.size(); ++rank) {
      auto& vector = vectors.emplace_back();
      for (uint64_t i = 0; i < count; ++i) vector.push_back(ValueOf(rank, i));
    }

    const std::vector<Outcome> outcomes = job.Run([&](int rank) {
      int64_t* data = vectors[static_cast<size_t>(rank)].data();
      return CollectiveCall{.collective = Collective::kAllReduce,
                            .send = data,
                            .recv = data,
                            .count = count,
                            .type = DataType::kInt64,
                            .in_place = true};
    });
    EXPECT_THAT(DescribeSignature(job.communicator(0).SignatureOf(job.communicator(0).completed() - 1)),
                ::testing::HasSubstr("hierarchical"));
    for (int rank = 0; rank < job.size(); ++rank) {
      ASSERT_EQ(outcomes[static_cast<size_t>(rank)], Outcome::kOk) << job.communicator(rank).failure();
      for (uint64_t i = 0; i < count; ++i) {
        ASSERT_EQ(vectors[static_cast<size_t>(rank)][i], Combined(ReduceOp::kSum, job.size(), i)) << rank << " " << i;
      }
    }
  }
}

// Which ranks share a host is told to the job; 3 + 1 + 2 of them here.
TEST(HostsOnSim, AnAllReduceOnSeveralHostsIsHierarchicalAndRight) {
  sim::NetworkOptions options;
  options.size = 6;
  SimJob job(options, 300 * kNsPerSecond, {0, 0, 2, 0, 4, 4});
  DemandAHierarchicalAllReduceThatIsRight(job);
}

// Hosts of 2 + 1 and 2 + 1 ranks in two racks.
TEST(HostsOnSim, AnAllReduceOnHostsInRacksIsHierarchicalAndRight) {
  sim::NetworkOptions options;
  options.size = 6;
  SimJob job(options, 300 * kNsPerSecond, {0, 1, 2, 3, 0, 1}, {{0, 1, 0, 1, 0, 1}});
  DemandAHierarchicalAllReduceThatIsRight(job);
}

INSTANTIATE_TEST_SUITE_P(All, CollectivesOnSim, ::testing::ValuesIn(AllCases()), NameOf);

}  // namespace
}  // namespace tutti
