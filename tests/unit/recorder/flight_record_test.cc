// SPDX-License-Identifier: Apache-2.0
#include "lib/recorder/flight_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "lib/recorder/flight_folder.h"
#include "lib/recorder/flight_recorder.h"
#include "sanitized.h"

namespace tutti {
namespace {

using testing::HasSubstr;

class FlightRecordTest : public testing::Test {
 protected:
  FlightRecordTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tutti_flight_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~FlightRecordTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<FlightRecorder> Recorder(int rank = 3) {
    auto recorder = FlightRecorder::Create(folder_, {rank, 8, "c0ffee00", "slurm-17", "nodeA"}, 1000);
    EXPECT_TRUE(recorder.ok()) << recorder.status();
    return *std::move(recorder);
  }
  static FlightRecord Read(const std::string& path) {
    absl::StatusOr<FlightRecord> record = ReadFlightRecord(path);
    EXPECT_TRUE(record.ok()) << record.status();
    return record.ok() ? *record : FlightRecord();
  }

  std::string folder_;
};

FlightRecorder::Call CallNumber(uint64_t n) { return {.signature = n * 3, .sequence = n, .bytes = n * 8, .steps = 5}; }

TEST_F(FlightRecordTest, SaysWhoWroteItAndGoesWithItsWriter) {
  std::string path;
  {
    const auto recorder = Recorder();
    path = recorder->path();
    const FlightRecord record = Read(path);
    EXPECT_EQ(record.rank, 3);
    EXPECT_EQ(record.size, 8);
    EXPECT_EQ(record.run, "c0ffee00");
    EXPECT_EQ(record.job_id, "slurm-17");
    EXPECT_EQ(record.host, "nodeA");
    EXPECT_EQ(record.process.pid, getpid());
    EXPECT_EQ(StateOf(record.process), ProcessState::kAlive);
    EXPECT_TRUE(record.operations.empty());
    struct stat facts = {};
    ASSERT_EQ(stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600u);
    EXPECT_EQ(facts.st_size, static_cast<off_t>(sizeof(FlightFile)));
  }
  EXPECT_EQ(ReadFlightRecord(path).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(FlightRecordTest, TellsWhatAnOperationIsInAndHowItEnded) {
  const auto recorder = Recorder();
  FlightOperation* slot = recorder->Begin({.signature = 99,
                                           .sequence = 17,
                                           .channel = 2,
                                           .message = 0x80000005u,
                                           .bytes = 4096,
                                           .started_ns = 500,
                                           .steps = 12});
  ASSERT_NE(slot, nullptr);
  FlightWait& wait = recorder->OpenWait(*slot);
  FlightRecorder::Posted(wait, 4);
  FlightRecorder::Posted(wait, 6);
  FlightRecorder::Advance(*slot, 3, 12);
  FlightRecorder::Waits(wait, FlightWaitKind::kReceive, 6, 7, 512, 900);
  FlightRecorder::Waits(wait, FlightWaitKind::kReceive, 6, 7, 512, 950);  // still the same: since 900
  FlightRecorder::Arrived(wait, 5, 880);
  recorder->Driven(960);

  FlightRecord record = Read(recorder->path());
  EXPECT_EQ(record.driven_ns, 960);
  ASSERT_EQ(record.operations.size(), 1u);
  const FlightRecord::Operation running = record.operations[0];
  EXPECT_TRUE(running.is_running());
  EXPECT_TRUE(running.is_message());
  EXPECT_EQ(running.tag(), 5u);
  EXPECT_EQ(running.signature, 99u);
  EXPECT_EQ(running.sequence, 17u);
  EXPECT_EQ(running.channel, 2u);
  EXPECT_EQ(running.bytes, 4096u);
  EXPECT_EQ(running.started_ns, 500);
  EXPECT_EQ(running.progress.steps_done, 3u);
  EXPECT_EQ(running.progress.steps, 12u);
  EXPECT_EQ(running.posted, 2u);
  ASSERT_TRUE(running.wait.has_value());
  EXPECT_EQ(running.wait->kind, FlightWaitKind::kReceive);
  EXPECT_EQ(running.wait->step, 6u);
  EXPECT_EQ(running.wait->peer, 7);
  EXPECT_EQ(running.wait->bytes, 512u);
  EXPECT_EQ(running.wait->since_ns, 900);
  EXPECT_EQ(running.last_arrival, 5);
  EXPECT_EQ(running.last_arrival_ns, 880);

  FlightRecorder::End(*slot, 400, 3, 12, 2000);
  record = Read(recorder->path());
  EXPECT_FALSE(record.operations[0].is_running());
  EXPECT_EQ(record.operations[0].progress.outcome, 400);
  EXPECT_EQ(record.operations[0].ended_ns, 2000);
}

TEST_F(FlightRecordTest, AWaitOfAnEarlierOperationInTheSameSlotIsNotShown) {
  const auto recorder = Recorder();
  FlightOperation* first = recorder->Begin(CallNumber(0));
  FlightRecorder::Waits(recorder->OpenWait(*first), FlightWaitKind::kSend, 1, 2, 3, 4);
  FlightRecorder::End(*first, 0, 5, 5, 0);
  for (uint64_t n = 1; n <= kFlightOperations; ++n) FlightRecorder::End(*recorder->Begin(CallNumber(n)), 0, 5, 5, 0);
  const FlightRecord record = Read(recorder->path());
  ASSERT_EQ(record.operations.size(), kFlightOperations);
  for (const auto& operation : record.operations) EXPECT_FALSE(operation.wait.has_value());
}

TEST_F(FlightRecordTest, KeepsTheLastOperationsAndThoseThatRun) {
  const auto recorder = Recorder();
  ASSERT_NE(recorder->Begin(CallNumber(0)), nullptr);  // is stuck for ever
  for (uint64_t n = 1; n <= 10 * kFlightOperations; ++n) {
    FlightOperation* slot = recorder->Begin(CallNumber(n));
    ASSERT_NE(slot, nullptr);
    FlightRecorder::End(*slot, 0, 5, 5, 0);
  }
  const FlightRecord record = Read(recorder->path());
  ASSERT_EQ(record.operations.size(), kFlightOperations);
  EXPECT_EQ(record.operations.front().sequence, 0u);
  EXPECT_TRUE(record.operations.front().is_running());
  for (size_t i = 1; i < kFlightOperations; ++i) {
    EXPECT_EQ(record.operations[i].sequence, 9 * kFlightOperations + i + 1);
    EXPECT_EQ(record.operations[i].progress.steps_done, 5u);
  }
}

TEST_F(FlightRecordTest, CountsWhatFoundNoPlace) {
  const auto recorder = Recorder();
  for (uint64_t n = 0; n < kFlightOperations; ++n) ASSERT_NE(recorder->Begin(CallNumber(n)), nullptr);
  EXPECT_EQ(recorder->Begin(CallNumber(1000)), nullptr);
  const FlightRecord record = Read(recorder->path());
  EXPECT_EQ(record.unrecorded, 1u);
  EXPECT_EQ(record.operations.size(), kFlightOperations);
}

TEST_F(FlightRecordTest, ShowsCommunicatorsWhileTheyLive) {
  const auto recorder = Recorder();
  std::vector<FlightChannel*> channels;
  for (uint32_t i = 0; i < kFlightChannels; ++i) channels.push_back(recorder->OpenChannel(i, 1, 4));
  EXPECT_EQ(recorder->OpenChannel(99, 0, 2), nullptr);
  channels[5]->entered.store(12);
  channels[5]->completed.store(11);
  channels[5]->outcome.store(402);
  for (uint32_t i = 0; i < kFlightChannels; ++i) {
    if (i != 5) recorder->CloseChannel(channels[i]);
  }
  recorder->CloseChannel(nullptr);
  const FlightRecord record = Read(recorder->path());
  ASSERT_EQ(record.channels.size(), 1u);
  EXPECT_EQ(record.channels[0].channel, 5u);
  EXPECT_EQ(record.channels[0].rank, 1);
  EXPECT_EQ(record.channels[0].size, 4);
  EXPECT_EQ(record.channels[0].entered, 12u);
  EXPECT_EQ(record.channels[0].completed, 11u);
  EXPECT_EQ(record.channels[0].outcome, 402);
  EXPECT_NE(recorder->OpenChannel(99, 0, 2), nullptr);
}

TEST(FlightProgress, HoldsItsThreeNumbers) {
  for (const auto& [outcome, done, steps] :
       {std::tuple<int32_t, uint32_t, uint32_t>{1, 0, 0}, {499, 7, 8}, {0, FlightProgress::kMaxSteps, 16777215}}) {
    const FlightProgress progress = FlightProgress::Unpack(FlightProgress::Pack(outcome, done, steps));
    EXPECT_EQ(progress.outcome, outcome);
    EXPECT_EQ(progress.steps_done, done);
    EXPECT_EQ(progress.steps, steps);
  }
  EXPECT_EQ(FlightProgress::Unpack(FlightProgress::Pack(1, uint64_t{1} << 40, uint64_t{1} << 41)).steps,
            FlightProgress::kMaxSteps);
}

// Fields of one operation are functions of its number: a reader that mixed two would notice.
TEST_F(FlightRecordTest, AReaderNeverSeesHalfAnOperationWhileTheyAreWritten) {
  const auto recorder = Recorder();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (uint64_t n = 1; !stop.load(std::memory_order_relaxed); ++n) {
      FlightOperation* slot = recorder->Begin(CallNumber(n));
      FlightRecorder::Waits(recorder->OpenWait(*slot), FlightWaitKind::kReceive, static_cast<uint32_t>(n), 1, n * 5, 0);
      FlightRecorder::Advance(*slot, 3, 5);
      FlightRecorder::End(*slot, 0, 5, 5, static_cast<int64_t>(n));
    }
  });
  uint64_t seen = 0;
  uint64_t newest = 0;
  for (int i = 0; i < (kSanitized ? 100 : 1000); ++i) {
    const FlightRecord record = Read(recorder->path());
    for (const auto& operation : record.operations) {
      const uint64_t n = operation.sequence;
      ASSERT_EQ(operation.signature, n * 3);
      ASSERT_EQ(operation.bytes, n * 8);
      ASSERT_EQ(operation.ordinal, n);
      ASSERT_EQ(operation.progress.steps, 5u);
      ASSERT_TRUE(operation.ended_ns == 0 || operation.ended_ns == static_cast<int64_t>(n));
      ASSERT_TRUE(!operation.wait || operation.wait->bytes == n * 5);
      ++seen;
    }
    if (!record.operations.empty()) {
      EXPECT_GE(record.operations.back().ordinal, newest);
      newest = record.operations.back().ordinal;
    }
  }
  stop.store(true);
  writer.join();
  EXPECT_GT(seen, 100u);
  EXPECT_GT(newest, kFlightOperations);
}

// BROKEN FILES.

class BrokenFlightRecordTest : public FlightRecordTest {
 protected:
  // A good record's bytes.
  std::string Bytes() {
    const auto recorder = Recorder();
    recorder->OpenChannel(1, 1, 4);
    for (uint64_t n = 0; n < 300; ++n) {
      FlightOperation* slot = recorder->Begin(CallNumber(n));
      FlightRecorder::Waits(recorder->OpenWait(*slot), FlightWaitKind::kReceive, 1, 1, n, 1);
      FlightRecorder::End(*slot, 0, 5, 5, 1);
    }
    std::ifstream in(recorder->path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string Write(const std::string& bytes) {
    const std::string path = folder_ + "/x.flight";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return path;
  }
  std::string WhyNot(const std::string& bytes) {
    const absl::StatusOr<FlightRecord> record = ReadFlightRecord(Write(bytes));
    EXPECT_EQ(record.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(record.status().message());
  }
  template <typename T>
  static void Put(std::string* bytes, size_t offset, T value) {
    std::memcpy(bytes->data() + offset, &value, sizeof value);
  }
};

TEST_F(BrokenFlightRecordTest, IsASentenceThatNamesTheFile) {
  const std::string good = Bytes();
  ASSERT_TRUE(ReadFlightRecord(Write(good)).ok());
  EXPECT_THAT(WhyNot(""), HasSubstr("only 0 bytes"));
  EXPECT_THAT(WhyNot("TUTTIREC"), HasSubstr(folder_ + "/x.flight"));
  EXPECT_THAT(WhyNot(std::string(sizeof(FlightFile), '\0')), HasSubstr("does not begin like one"));
  EXPECT_THAT(WhyNot(good.substr(0, 5000)), HasSubstr("5000 bytes instead of"));
  EXPECT_THAT(WhyNot(good + "x"), HasSubstr("bytes instead of"));
  std::string bytes = good;
  Put<uint32_t>(&bytes, offsetof(FlightHeader, version), 77);
  EXPECT_THAT(WhyNot(bytes), HasSubstr("version 77"));
  bytes = good;
  Put<int32_t>(&bytes, offsetof(FlightHeader, rank), 8);
  EXPECT_THAT(WhyNot(bytes), HasSubstr("rank 8 of 8"));
  bytes = good;
  Put<int64_t>(&bytes, offsetof(FlightHeader, pid), -1);
  EXPECT_THAT(WhyNot(bytes), HasSubstr("process -1"));
}

TEST_F(BrokenFlightRecordTest, OfAnotherKindIsNotFollowed) {
  const std::string target = Write(Bytes());
  std::filesystem::create_symlink(target, folder_ + "/link.flight");
  EXPECT_FALSE(ReadFlightRecord(folder_ + "/link.flight").ok());
  ASSERT_EQ(mkfifo((folder_ + "/pipe.flight").c_str(), 0600), 0);
  EXPECT_THAT(ReadFlightRecord(folder_ + "/pipe.flight").status().message(), HasSubstr("no regular file"));
  EXPECT_FALSE(ReadFlightRecord(folder_).ok());
  EXPECT_THAT(*ListFlightRecords(folder_), testing::ElementsAre(target));
}

TEST_F(BrokenFlightRecordTest, CannotControlTheTerminal) {
  std::string bytes = Bytes();
  const std::string text = "\x1b[2Jhost";
  std::copy(text.begin(), text.end(), bytes.begin() + offsetof(FlightHeader, host));
  std::fill_n(bytes.begin() + offsetof(FlightHeader, program), 64, 'p');  // not terminated
  const FlightRecord record = Read(Write(bytes));
  EXPECT_EQ(record.host, "?[2Jhost");
  EXPECT_EQ(record.program, std::string(64, 'p'));
}

// Whatever is wrong behind the header, what is told stays within its bounds.
TEST_F(BrokenFlightRecordTest, WithRandomBytesIsReadWithinBounds) {
  const std::string good = Bytes();
  std::mt19937 random(7);
  for (int i = 0; i < (kSanitized ? 50 : 300); ++i) {
    std::string bytes = good;
    for (int k = 0; k < 2000; ++k)
      bytes[sizeof(FlightHeader) + random() % (bytes.size() - sizeof(FlightHeader))] = static_cast<char>(random());
    const FlightRecord record = Read(Write(bytes));
    EXPECT_LE(record.operations.size(), kFlightOperations);
    for (const auto& operation : record.operations) {
      EXPECT_NE(operation.ordinal, 0u);
      EXPECT_LE(operation.progress.steps_done, operation.progress.steps);
      EXPECT_LT(operation.last_arrival, record.size);
      if (!operation.wait) continue;
      EXPECT_LT(operation.wait->peer, record.size);
      EXPECT_LT(static_cast<int>(operation.wait->kind), kFlightWaitKinds);
    }
    for (const auto& channel : record.channels) EXPECT_LT(channel.rank, channel.size);
  }
}

}  // namespace
}  // namespace tutti
