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

// Rank 0 takes what comes, from whomever, and in the order of each sender; the others come when they like.
RANK_PROGRAM(TakeFromAnybody) {
  const tutti_comm_t comm = Join();
  constexpr int kMessages = 20, kTag = 3;
  const tutti_options_t options = WithTag(kTag);
  const auto count_of = [](int i) { return i % 5 == 4 ? size_t{100'000} : static_cast<size_t>(i % 3) + 1; };
  if (context.rank == 0) {
    std::vector<int> taken(static_cast<size_t>(context.size));
    std::vector<int32_t> values(100'000);
    for (int left = kMessages * (context.size - 1); left > 0; --left) {
      int peer = -1;
      REQUIRE_OK(tutti_probe(comm, &options, &peer));
      Require(peer > 0 && peer < context.size, "a sender that exists: " + std::to_string(peer));
      const int i = taken[static_cast<size_t>(peer)]++;
      REQUIRE_OK(tutti_recv(comm, values.data(), count_of(i), TUTTI_INT32, peer, &options, nullptr));
      Require(values[count_of(i) - 1] == i * 100 + peer,
              "message " + std::to_string(i) + " of " + std::to_string(peer) + " came as " + std::to_string(values[0]));
    }
    for (int peer = 1; peer < context.size; ++peer) {
      Require(taken[static_cast<size_t>(peer)] == kMessages, "each sender's messages are taken");
    }
    // Other tags are others' business.
    tutti_options_t soon = WithTag(kTag + 1);
    soon.timeout_ns = 50'000'000;
    int peer = 7;
    Require(tutti_probe(comm, &soon, &peer) == TUTTI_IN_PROGRESS && peer == -1, "nobody sends with that tag");
  } else {
    for (int i = 0; i < kMessages; ++i) {
      if (Mix(static_cast<uint64_t>(context.rank), static_cast<uint64_t>(i), 1) % 4 == 0) SleepMs(2);
      const std::vector<int32_t> values(count_of(i), i * 100 + context.rank);
      REQUIRE_OK(tutti_send(comm, values.data(), values.size(), TUTTI_INT32, 0, &options, nullptr));
    }
  }
  Synchronise(comm);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

RANK_PROGRAM(WaitForAnybodyInVain) {
  const tutti_comm_t comm = Join();
  if (context.rank == 0) {
    int peer = -1;
    const tutti_status_t status = tutti_probe(comm, nullptr, &peer);
    Require(status == TUTTI_ERR_ABORTED && peer == -1, std::string("not aborted: ") + tutti_status_name(status));
    Require(std::string(tutti_last_error()).find("nobody sends") != std::string::npos, tutti_last_error());
  } else {
    SleepMs(100);
    REQUIRE_OK(tutti_comm_abort(comm, "nobody sends"));
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
                         testing::Combine(testing::Values("RingWithTags", "SameTagKeepsOrder", "LargeBothWays",
                                                          "TakeFromAnybody"),
                                          testing::ValuesIn(RankCounts({2, 4, 8}))),
                         [](const auto& test) { return TestName(std::get<0>(test.param), std::get<1>(test.param)); });

TEST(Probe, ReturnsWhenTheCommunicatorFails) {
  Job job("WaitForAnybodyInVain", 2);
  EXPECT_TRUE(job.AllSucceed());
}

}  // namespace
}  // namespace tutti::multi_process
