// SPDX-License-Identifier: Apache-2.0
// Persistent collectives: every run gives what a call gives, among other calls, and failures end them like all others.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

int32_t Value(int rank, int round, size_t i) { return static_cast<int32_t>(i % 100) + 1000 * rank + 17 * round; }

// Each collective in both forms, on inputs of the same values: what comes out must be the same.
struct Pair {
  const char* name;
  tutti_persistent_t persistent = nullptr;
  std::vector<int32_t> in, bound, called;
};

// count: of a block; everything has room for one of each rank.
RANK_PROGRAM(RunPersistent) {
  const tutti_comm_t comm = Join();
  const size_t count = static_cast<size_t>(std::stoul(context.arguments[0]));
  const size_t ranks = static_cast<size_t>(context.size);
  const int root = context.size - 1;
  const std::vector<size_t> counts(ranks, count);
  const size_t all = count * ranks;
  const tutti_dtype_t t = TUTTI_INT32;
  std::vector<Pair> pairs(12);
  for (Pair& pair : pairs) {
    pair.in.assign(all, 0);
    pair.bound.assign(all, 0);
    pair.called.assign(all, 0);
  }
  const auto make = [&](size_t p, const char* name, auto init) {
    pairs[p].name = name;
    RequireOk(init(pairs[p].in.data(), pairs[p].bound.data(), &pairs[p].persistent), name);
  };
  const size_t* c = counts.data();
  // Not in the order in which they run, and not in the same order on all ranks: binding is local.
  const auto bind = [&](size_t p) {
    switch (p) {
      case 0:
        return make(0, "all_reduce", [&](auto* s, auto* r, auto* o) {
          return tutti_all_reduce_init(comm, s, r, count, t, TUTTI_SUM, nullptr, o);
        });
      case 1:
        return make(1, "broadcast", [&](auto* s, auto* r, auto* o) {
          return tutti_broadcast_init(comm, s, r, count, t, root, nullptr, o);
        });
      case 2:
        return make(2, "reduce", [&](auto* s, auto* r, auto* o) {
          return tutti_reduce_init(comm, s, r, count, t, TUTTI_MAX, root, nullptr, o);
        });
      case 3:
        return make(3, "all_gather",
                    [&](auto* s, auto* r, auto* o) { return tutti_all_gather_init(comm, s, r, count, t, nullptr, o); });
      case 4:
        return make(4, "reduce_scatter", [&](auto* s, auto* r, auto* o) {
          return tutti_reduce_scatter_init(comm, s, r, count, t, TUTTI_SUM, nullptr, o);
        });
      case 5:
        return make(5, "all_to_all",
                    [&](auto* s, auto* r, auto* o) { return tutti_all_to_all_init(comm, s, r, count, t, nullptr, o); });
      case 6:
        return make(6, "gather", [&](auto* s, auto* r, auto* o) {
          return tutti_gather_init(comm, s, r, count, t, root, nullptr, o);
        });
      case 7:
        return make(7, "scatter", [&](auto* s, auto* r, auto* o) {
          return tutti_scatter_init(comm, s, r, count, t, root, nullptr, o);
        });
      case 8:
        return make(8, "all_gather_v", [&](auto* s, auto* r, auto* o) {
          return tutti_all_gather_v_init(comm, s, r, c, nullptr, t, nullptr, o);
        });
      case 9:
        return make(9, "reduce_scatter_v", [&](auto* s, auto* r, auto* o) {
          return tutti_reduce_scatter_v_init(comm, s, c, nullptr, r, t, TUTTI_SUM, nullptr, o);
        });
      case 10:
        return make(10, "all_to_all_v", [&](auto* s, auto* r, auto* o) {
          return tutti_all_to_all_v_init(comm, s, c, nullptr, r, c, nullptr, t, nullptr, o);
        });
      default:
        return make(11, "gather_v", [&](auto* s, auto* r, auto* o) {
          return tutti_gather_v_init(comm, s, count, r, c, nullptr, t, root, nullptr, o);
        });
    }
  };
  for (size_t p = 0; p < pairs.size(); ++p) bind(context.rank % 2 == 0 ? p : pairs.size() - 1 - p);
  tutti_persistent_t barrier = nullptr;
  REQUIRE_OK(tutti_barrier_init(comm, nullptr, &barrier));

  const auto call = [&](size_t p) {
    int32_t* s = pairs[p].in.data();
    int32_t* r = pairs[p].called.data();
    switch (p) {
      case 0:
        return tutti_all_reduce(comm, s, r, count, t, TUTTI_SUM, nullptr, nullptr);
      case 1:
        return tutti_broadcast(comm, s, r, count, t, root, nullptr, nullptr);
      case 2:
        return tutti_reduce(comm, s, r, count, t, TUTTI_MAX, root, nullptr, nullptr);
      case 3:
        return tutti_all_gather(comm, s, r, count, t, nullptr, nullptr);
      case 4:
        return tutti_reduce_scatter(comm, s, r, count, t, TUTTI_SUM, nullptr, nullptr);
      case 5:
        return tutti_all_to_all(comm, s, r, count, t, nullptr, nullptr);
      case 6:
        return tutti_gather(comm, s, r, count, t, root, nullptr, nullptr);
      case 7:
        return tutti_scatter(comm, s, r, count, t, root, nullptr, nullptr);
      case 8:
        return tutti_all_gather_v(comm, s, r, c, nullptr, t, nullptr, nullptr);
      case 9:
        return tutti_reduce_scatter_v(comm, s, c, nullptr, r, t, TUTTI_SUM, nullptr, nullptr);
      case 10:
        return tutti_all_to_all_v(comm, s, c, nullptr, r, c, nullptr, t, nullptr, nullptr);
      default:
        return tutti_gather_v(comm, s, count, r, c, nullptr, t, root, nullptr, nullptr);
    }
  };
  for (int round = 0; round < 4; ++round) {
    for (Pair& pair : pairs) {
      for (size_t i = 0; i < pair.in.size(); ++i) pair.in[i] = Value(context.rank, round, i);
    }
    // All of them under way at once, every other round.
    for (Pair& pair : pairs) {
      if (round % 2 == 0) {
        REQUIRE_OK(tutti_persistent_run(pair.persistent));
      } else {
        REQUIRE_OK(tutti_persistent_start(pair.persistent));
      }
    }
    if (round == 1) {
      for (Pair& pair : pairs) {
        while (tutti_persistent_test(pair.persistent) == TUTTI_IN_PROGRESS) {
        }
      }
    }
    for (Pair& pair : pairs) REQUIRE_OK(tutti_persistent_wait(pair.persistent));
    REQUIRE_OK(tutti_persistent_run(barrier));
    for (size_t p = 0; p < pairs.size(); ++p) {
      RequireOk(call(p), pairs[p].name);
      Require(pairs[p].bound == pairs[p].called, std::string(pairs[p].name) + ", round " + std::to_string(round));
      Require(round == 0 || count == 0 || pairs[p].called != pairs[p].in || context.size == 1,
              "the data is not trivial");
    }
  }
  for (Pair& pair : pairs) REQUIRE_OK(tutti_persistent_free(pair.persistent));
  REQUIRE_OK(tutti_comm_destroy(comm));  // frees the barrier
  Require(tutti_persistent_start(barrier) == TUTTI_ERR_INVALID_HANDLE, "freed with its communicator");
}

// The last rank runs another operation than the others.
RANK_PROGRAM(RunDifferently) {
  const tutti_comm_t comm = Join();
  float value = 1;
  tutti_persistent_t sum = nullptr, largest = nullptr;
  REQUIRE_OK(tutti_all_reduce_init(comm, &value, &value, 1, TUTTI_FLOAT32, TUTTI_SUM, nullptr, &sum));
  REQUIRE_OK(tutti_all_reduce_init(comm, &value, &value, 1, TUTTI_FLOAT32, TUTTI_MAX, nullptr, &largest));
  REQUIRE_OK(tutti_persistent_run(sum));
  Require(value == static_cast<float>(context.size), "the sum");
  MeetOutside(context, "before");
  SayFailure(comm, tutti_persistent_run(context.rank == context.size - 1 ? largest : sum));
  Require(tutti_persistent_start(sum) == TUTTI_ERR_MISMATCH, "nothing runs afterwards");
  REQUIRE_OK(tutti_persistent_free(sum));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class PersistentRuns : public testing::TestWithParam<std::tuple<const char*, int>> {};

TEST_P(PersistentRuns, GiveWhatCallsGive) {
  const auto [count, num_ranks] = GetParam();
  Job job("RunPersistent", num_ranks, {.arguments = {count}});
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, PersistentRuns, testing::Combine(testing::Values("3", "20000"), testing::Values(2, 3)),
                         [](const auto& test) {
                           return TestName(std::string(std::get<0>(test.param)) + "_elements", std::get<1>(test.param));
                         });

TEST(PersistentMismatch, IsTold) {
  Job job("RunDifferently", 3);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(job.Said(rank, "status"), "TUTTI_ERR_MISMATCH") << job.Said(rank, "sentence");
  }
}

}  // namespace
}  // namespace tutti::multi_process
