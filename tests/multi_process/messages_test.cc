// SPDX-License-Identifier: Apache-2.0
// send and recv: matching by peer and tag, any order of posting, large messages both ways at once.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/multi_process/reference.h"

namespace tutti::multi_process {
namespace {

constexpr int kTags = 8;

size_t CountOf(int tag) { return tag == 5 ? 300000 : static_cast<size_t>(tag) * 11; }  // tag 0: an empty message

// Tells apart who sent what: FillContribution's data is by rank, round and index.
Data DataOf(const RankContext& context, int tag, int round) {
  return {TUTTI_INT64, TUTTI_SUM, context.size, static_cast<uint64_t>(round * kTags + tag)};
}

tutti_options_t WithTag(int tag) {
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.tag = tag;
  return options;
}

// Everyone sends to the right in rising order of tags and receives from the left in falling order.
RANK_PROGRAM(RingWithTags) {
  const tutti_comm_t comm = Join();
  const int right = (context.rank + 1) % context.size;
  const int left = (context.rank + context.size - 1) % context.size;
  for (int round = 0; round < 5; ++round) {
    std::vector<std::vector<int64_t>> sent(kTags), received(kTags);
    std::vector<tutti_request_t> requests(2 * kTags);
    for (int tag = 0; tag < kTags; ++tag) {
      const size_t t = static_cast<size_t>(tag);
      sent[t].resize(CountOf(tag));
      FillContribution(DataOf(context, tag, round), context.rank, 0, CountOf(tag), sent[t].data());
      const tutti_options_t options = WithTag(tag);
      REQUIRE_OK(tutti_send(comm, sent[t].data(), CountOf(tag), TUTTI_INT64, right, &options, &requests[t]));
    }
    for (int tag = kTags - 1; tag >= 0; --tag) {
      const size_t t = static_cast<size_t>(tag);
      received[t].resize(CountOf(tag));
      const tutti_options_t options = WithTag(tag);
      REQUIRE_OK(tutti_recv(comm, received[t].data(), CountOf(tag), TUTTI_INT64, left, &options, &requests[kTags + t]));
    }
    REQUIRE_OK(tutti_request_wait_all(static_cast<int>(requests.size()), requests.data()));
    for (int tag = 0; tag < kTags; ++tag) {
      const std::string error = CheckContribution(DataOf(context, tag, round), left, 0, CountOf(tag),
                                                  received[static_cast<size_t>(tag)].data());
      Require(error.empty(), "tag " + std::to_string(tag) + ": " + error);
    }
    Synchronise(comm);  // collectives and messages do not disturb each other
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// Messages with the same tag arrive in the order in which they were sent.
RANK_PROGRAM(SameTagKeepsOrder) {
  const tutti_comm_t comm = Join();
  constexpr int kMessages = 200;
  if (context.rank == 0) {
    for (int32_t i = 0; i < kMessages; ++i) {
      for (int peer = 1; peer < context.size; ++peer) {
        const int32_t value = i * 100 + peer;
        REQUIRE_OK(tutti_send(comm, &value, 1, TUTTI_INT32, peer, nullptr, nullptr));
      }
    }
  } else {
    if (context.rank == 1) SleepMs(200);  // a slow receiver: messages pile up and must keep their order
    for (int32_t i = 0; i < kMessages; ++i) {
      int32_t value = -1;
      REQUIRE_OK(tutti_recv(comm, &value, 1, TUTTI_INT32, 0, nullptr, nullptr));
      Require(value == i * 100 + context.rank, "message " + std::to_string(i) + " came as " + std::to_string(value));
    }
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// All pairs exchange 4 MiB at once: nobody may wait for buffer space that only the other side frees.
RANK_PROGRAM(LargeBothWays) {
  const tutti_comm_t comm = Join();
  constexpr size_t kCount = 512 * 1024;
  const size_t peers = static_cast<size_t>(context.size);
  std::vector<int64_t> mine(kCount);
  std::vector<std::vector<int64_t>> theirs(peers, std::vector<int64_t>(kCount));
  const Data data = DataOf(context, 0, 0);
  FillContribution(data, context.rank, 0, kCount, mine.data());
  std::vector<tutti_request_t> requests(2 * peers, nullptr);
  for (int peer = 0; peer < context.size; ++peer) {
    if (peer == context.rank) continue;
    const size_t p = static_cast<size_t>(peer);
    REQUIRE_OK(tutti_send(comm, mine.data(), kCount, TUTTI_INT64, peer, nullptr, &requests[p]));
    REQUIRE_OK(tutti_recv(comm, theirs[p].data(), kCount, TUTTI_INT64, peer, nullptr, &requests[peers + p]));
  }
  REQUIRE_OK(tutti_request_wait_all(static_cast<int>(requests.size()), requests.data()));
  for (int peer = 0; peer < context.size; ++peer) {
    if (peer == context.rank) continue;
    const std::string error = CheckContribution(data, peer, 0, kCount, theirs[static_cast<size_t>(peer)].data());
    Require(error.empty(), error);
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class Messages : public testing::TestWithParam<std::tuple<const char*, int>> {};

TEST_P(Messages, ArriveOnceWholeAndInOrder) {
  const auto [program, num_ranks] = GetParam();
  Job job(program, num_ranks);
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, Messages,
                         testing::Combine(testing::Values("RingWithTags", "SameTagKeepsOrder", "LargeBothWays"),
                                          testing::Values(2, 4, 8)),
                         [](const auto& test) { return TestName(std::get<0>(test.param), std::get<1>(test.param)); });

}  // namespace
}  // namespace tutti::multi_process
