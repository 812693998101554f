// SPDX-License-Identifier: Apache-2.0
// Ranks as threads of one process, over the public API and real sockets, so that the thread sanitizer sees all of it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tutti/tutti.h"

namespace {

class RanksAsThreads : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tutti-threads-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    std::remove((directory_ + "/rendezvous").c_str());
    rmdir(directory_.c_str());
  }

  // Runs `body` on every rank with a communicator of its own.
  void Run(int size, const std::function<void(tutti_comm_t, int rank)>& body, bool progress_thread = false) {
    const std::string rendezvous = "file://" + directory_ + "/rendezvous";
    std::vector<std::thread> ranks;
    for (int rank = 0; rank < size; ++rank) {
      ranks.emplace_back([&, rank] {
        tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
        config.rank = rank;
        config.size = size;
        config.local_rank = rank;
        config.local_size = size;
        config.rendezvous = rendezvous.c_str();
        config.secret = "a secret of this test";
        config.interface = "lo";
        config.timeout_ns = 60'000'000'000;
        config.progress_thread = progress_thread ? 1 : 0;
        tutti_comm_t comm = nullptr;
        ASSERT_EQ(tutti_comm_create(&config, &comm), TUTTI_OK) << tutti_last_error();
        body(comm, rank);
        EXPECT_EQ(tutti_comm_destroy(comm), TUTTI_OK);
      });
    }
    for (std::thread& rank : ranks) rank.join();
  }

  std::string directory_;
};

void ExpectSum(tutti_comm_t comm, int rank, int size, size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(rank) + static_cast<float>(i % 7);
  ASSERT_EQ(tutti_all_reduce(comm, values.data(), values.data(), count, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr),
            TUTTI_OK)
      << tutti_last_error();
  for (size_t i = 0; i < count; ++i) {
    const float expected =
        static_cast<float>(size * (size - 1) / 2) + static_cast<float>(size) * static_cast<float>(i % 7);
    ASSERT_EQ(values[i], expected) << "element " << i;
  }
}

TEST_F(RanksAsThreads, AllReduceSmallAndLarge) {
  Run(4, [](tutti_comm_t comm, int rank) {
    for (size_t count : {size_t{1}, size_t{100}, size_t{30'000}, size_t{300'000}}) ExpectSum(comm, rank, 4, count);
  });
}

TEST_F(RanksAsThreads, WithProgressThreads) {
  Run(
      3,
      [](tutti_comm_t comm, int rank) {
        for (int i = 0; i < 20; ++i) ExpectSum(comm, rank, 3, 1000);
      },
      true);
}

TEST_F(RanksAsThreads, SplitCommunicatorsUsedFromSeveralThreadsAtOnce) {
  Run(4, [](tutti_comm_t comm, int rank) {
    tutti_comm_t part = nullptr;
    ASSERT_EQ(tutti_comm_split(comm, rank % 2, -rank, &part), TUTTI_OK) << tutti_last_error();
    int part_rank = -1;
    ASSERT_EQ(tutti_comm_rank(part, &part_rank), TUTTI_OK);
    EXPECT_EQ(part_rank, rank / 2 == 0 ? 1 : 0);  // ordered by key, so the other way round
    std::thread other([&] {
      for (int i = 0; i < 50; ++i) ExpectSum(comm, rank, 4, 500);
    });
    for (int i = 0; i < 50; ++i) ExpectSum(part, part_rank, 2, 500);
    other.join();
    EXPECT_EQ(tutti_comm_destroy(part), TUTTI_OK);
  });
}

TEST_F(RanksAsThreads, RequestsStartedHereAndWaitedForThere) {
  Run(2, [](tutti_comm_t comm, int rank) {
    constexpr int kRequests = 16;
    std::vector<std::vector<int>> values(kRequests, std::vector<int>(200, rank));
    std::vector<tutti_request_t> requests(kRequests, nullptr);
    for (int i = 0; i < kRequests; ++i) {
      auto& data = values[static_cast<size_t>(i)];
      ASSERT_EQ(tutti_all_reduce(comm, data.data(), data.data(), data.size(), TUTTI_INT32, TUTTI_MAX, nullptr,
                                 &requests[static_cast<size_t>(i)]),
                TUTTI_OK);
    }
    std::thread other([&] {
      for (int i = kRequests - 1; i >= kRequests / 2; --i) {
        EXPECT_EQ(tutti_request_wait(&requests[static_cast<size_t>(i)]), TUTTI_OK);
      }
    });
    for (int i = 0; i < kRequests / 2; ++i) EXPECT_EQ(tutti_request_wait(&requests[static_cast<size_t>(i)]), TUTTI_OK);
    other.join();
    for (const auto& data : values) EXPECT_EQ(data[0], 1);
  });
}

TEST_F(RanksAsThreads, TelemetryIsReadAndMarkedWhileOthersMeasure) {
  Run(2, [](tutti_comm_t comm, int rank) {
    std::atomic<bool> stop{false};
    std::thread reader([&] {
      const auto look = [](void*, const tutti_histogram_t* histogram) {
        EXPECT_LE(histogram->p50_ns, histogram->max_ns);
      };
      for (int i = 0; !stop.load(); ++i) {
        EXPECT_EQ(tutti_telemetry_snapshot(comm, look, nullptr), TUTTI_OK);
        const auto look_at_steps = [](void*, const tutti_step_histogram_t* histogram) {
          EXPECT_LE(histogram->p50_ns, histogram->max_ns);
        };
        EXPECT_EQ(tutti_telemetry_steps(comm, look_at_steps, nullptr), TUTTI_OK);
        tutti_blame_t blame = TUTTI_BLAME_INIT;
        EXPECT_EQ(tutti_telemetry_blame(comm, 1 - rank, &blame), TUTTI_OK);
        if (i % 3 == 0) {
          EXPECT_EQ(tutti_telemetry_mark(comm), TUTTI_OK);
        }
        if (i % 5 == 0) {
          EXPECT_EQ(tutti_telemetry_enable(comm, i % 10 == 0), TUTTI_OK);
        }
      }
    });
    for (int i = 0; i < 600; ++i) ExpectSum(comm, rank, 2, i % 50 == 0 ? 3000 : 1);
    stop.store(true);
    reader.join();
    EXPECT_EQ(tutti_telemetry_mark(comm), TUTTI_OK);
    EXPECT_EQ(tutti_telemetry_enable(comm, 1), TUTTI_OK);
    for (int i = 0; i < 150; ++i) ExpectSum(comm, rank, 2, 1);
    uint64_t count = 0;
    const auto add = [](void* sum, const tutti_histogram_t* histogram) {
      *static_cast<uint64_t*>(sum) += histogram->count;
    };
    EXPECT_EQ(tutti_telemetry_snapshot(comm, add, &count), TUTTI_OK);
    EXPECT_EQ(count, 150u);
  });
}

// Registering wants the driver's role for a moment, which another thread has almost always.
TEST_F(RanksAsThreads, MemoryIsRegisteredWhileOtherThreadsMoveData) {
  for (const bool progress_thread : {false, true}) {
    Run(
        2,
        [](tutti_comm_t comm, int rank) {
          std::vector<char> memory(100'000);
          std::atomic<bool> stop{false};
          std::thread registrar([&] {
            for (int i = 0; i < 200 || !stop.load(); ++i) {
              tutti_mem_t mem = nullptr;
              EXPECT_EQ(tutti_mem_register(comm, memory.data(), memory.size(), &mem), TUTTI_OK) << tutti_last_error();
              EXPECT_EQ(tutti_mem_deregister(mem), TUTTI_OK) << tutti_last_error();
            }
          });
          for (int i = 0; i < 100; ++i) ExpectSum(comm, rank, 2, 500);
          stop.store(true);
          registrar.join();
        },
        progress_thread);
  }
}

TEST_F(RanksAsThreads, AbortFromAnotherThreadReturnsAllWaiters) {
  Run(3, [](tutti_comm_t comm, int rank) {
    std::thread aborter;
    if (rank == 2) {
      aborter = std::thread([comm] {
        usleep(50'000);
        tutti_comm_abort(comm, "enough");
      });
      // This rank waits for a message that never comes.
      int value = 0;
      EXPECT_EQ(tutti_recv(comm, &value, 1, TUTTI_INT32, 0, nullptr, nullptr), TUTTI_ERR_ABORTED);
      aborter.join();
    } else {
      int value = 0;
      EXPECT_EQ(tutti_all_reduce(comm, &value, &value, 1, TUTTI_INT32, TUTTI_SUM, nullptr, nullptr), TUTTI_ERR_ABORTED);
    }
    EXPECT_NE(std::string(tutti_comm_last_error(comm)).find("enough"), std::string::npos)
        << tutti_comm_last_error(comm);
  });
}

}  // namespace
