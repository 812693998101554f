// SPDX-License-Identifier: Apache-2.0
// Each way of meeting, and what stands in its way.
#include <fcntl.h>
#include <sys/stat.h>

#include <barrier>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/bootstrap/private_file.h"
#include "lib/bootstrap/rendezvous_address.h"
#include "lib/bootstrap/service_notice.h"
#include "lib/bootstrap/socket.h"
#include "test_job.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

// A port that was free a moment ago.
int FreePort() {
  const auto listener = ListenAt({IpAddress::Loopback(), 0});
  return listener.ok() ? LocalAddress(listener->get())->port : 0;
}

JobSettings TcpJob(int rank, int size, const std::string& rendezvous) {
  JobSettings settings;
  settings.rank = rank;
  settings.size = size;
  settings.rendezvous_kind = RendezvousKind::kTcp;
  settings.rendezvous = rendezvous;
  settings.timeout_ns = 20 * kNsPerSecond;
  return settings;
}

// All ranks meet and join; returns the local address of the last rank, or an error.
std::string Start(int size, const std::function<JobSettings(int)>& settings,
                  const ExchangeFunction& exchange = nullptr) {
  std::mutex mutex;
  std::string result = "?";
  std::string error;
  OnEachRank(size, [&](int rank) {
    auto plane = TcpControlPlane::Connect(settings(rank), nullptr, exchange);
    absl::Status status = plane.status();
    if (status.ok()) status = (*plane)->Join((*plane)->self());
    std::lock_guard<std::mutex> lock(mutex);
    if (!status.ok()) error = status.ToString();
    if (status.ok() && rank == size - 1) result = (*plane)->local_address();
  });
  return error.empty() ? result : error;
}

TEST(TcpRendezvous, RanksMeetAtANumericAddress) {
  const std::string place = "tcp://127.0.0.1:" + std::to_string(FreePort());
  EXPECT_EQ(Start(3, [&](int rank) { return TcpJob(rank, 3, place); }), "127.0.0.1");
}

TEST(TcpRendezvous, RanksMeetAtAName) {
  const std::string place = "tcp://localhost:" + std::to_string(FreePort());
  EXPECT_THAT(Start(2, [&](int rank) { return TcpJob(rank, 2, place); }), AnyOf("127.0.0.1", "::1"));
}

TEST(TcpRendezvous, RanksMeetAtAnIpv6Address) {
  if (!ListenAt({*IpAddress::Parse("::1"), 0}).ok()) GTEST_SKIP() << "this host has no IPv6";
  const std::string place = "tcp://[::1]:" + std::to_string(FreePort());
  EXPECT_EQ(Start(2, [&](int rank) { return TcpJob(rank, 2, place); }), "::1");
}

TEST(TcpRendezvous, ASecretOnBothSidesLetsIn) {
  const std::string place = "tcp://127.0.0.1:" + std::to_string(FreePort());
  EXPECT_EQ(Start(2,
                  [&](int rank) {
                    JobSettings settings = TcpJob(rank, 2, place);
                    settings.secret = "shared";
                    return settings;
                  }),
            "127.0.0.1");
}

TEST(TcpRendezvous, APortThatIsTakenIsSaidWithWhatToDo) {
  const auto taken = ListenAt({IpAddress::Loopback(), 0});
  ASSERT_TRUE(taken.ok());
  const std::string place = "tcp://127.0.0.1:" + std::to_string(LocalAddress(taken->get())->port);
  const auto plane = TcpControlPlane::Connect(TcpJob(0, 2, place), nullptr);
  ASSERT_FALSE(plane.ok());
  EXPECT_THAT(plane.status().ToString(), AllOf(HasSubstr(place), HasSubstr("TUTTI_PORT")));
}

TEST(TcpRendezvous, AnAddressOfAnotherHostIsSaid) {
  const auto plane = TcpControlPlane::Connect(TcpJob(0, 2, "tcp://203.0.113.77:4000"), nullptr);
  ASSERT_FALSE(plane.ok());
  EXPECT_THAT(plane.status().ToString(), HasSubstr("must name the host that rank 0 runs on"));
}

TEST(TcpRendezvous, AnInterfacePatternThatMatchesNothingFailsTheStart) {
  JobSettings settings = TcpJob(0, 2, "tcp://127.0.0.1:" + std::to_string(FreePort()));
  settings.interface = "no-such-card";
  const auto plane = TcpControlPlane::Connect(settings, nullptr);
  ASSERT_FALSE(plane.ok());
  EXPECT_THAT(plane.status().ToString(), AllOf(HasSubstr("no-such-card"), HasSubstr("lo 127.0.0.1")));
}

// An exchange function over shared memory, as a framework's all-gather would be.
class SharedExchange {
 public:
  explicit SharedExchange(int size) : size_(size), barrier_(size) {}
  absl::Status Gather(int rank, absl::string_view contribution, std::string* gathered) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      all_.resize(contribution.size() * static_cast<size_t>(size_));
      all_.replace(contribution.size() * static_cast<size_t>(rank), contribution.size(), std::string(contribution));
    }
    barrier_.arrive_and_wait();
    std::lock_guard<std::mutex> lock(mutex_);
    *gathered = all_;
    return absl::OkStatus();
  }

 private:
  const int size_;
  std::barrier<> barrier_;
  std::mutex mutex_;
  std::string all_;
};

JobSettings ExchangeJob(int rank, int size, bool known_to_be_local) {
  JobSettings settings;
  settings.rank = rank;
  settings.size = size;
  settings.local_size = known_to_be_local ? size : -1;
  settings.rendezvous_kind = RendezvousKind::kExchange;
  settings.timeout_ns = 20 * kNsPerSecond;
  return settings;
}

TEST(ExchangeRendezvous, RanksMeetThroughTheCallersChannel) {
  for (const bool local : {true, false}) {
    SharedExchange shared(3);
    std::atomic<int> joined{0};
    OnEachRank(3, [&](int rank) {
      const auto exchange = [&](absl::string_view mine, std::string* all) { return shared.Gather(rank, mine, all); };
      auto plane = TcpControlPlane::Connect(ExchangeJob(rank, 3, local), nullptr, exchange);
      ASSERT_TRUE(plane.ok()) << plane.status();
      ASSERT_TRUE((*plane)->Join((*plane)->self()).ok());
      EXPECT_TRUE(!local || (*plane)->local_address() == "127.0.0.1");
      ++joined;
    });
    EXPECT_EQ(joined, 3);
  }
}

TEST(ExchangeRendezvous, AFailureOrAWrongLengthOrOrderIsSaid) {
  const auto failing = [](absl::string_view, std::string*) { return absl::InternalError("no network"); };
  EXPECT_THAT(TcpControlPlane::Connect(ExchangeJob(1, 2, true), nullptr, failing).status().ToString(),
              HasSubstr("no network"));
  const auto short_one = [](absl::string_view mine, std::string* all) {
    *all = std::string(mine);
    return absl::OkStatus();
  };
  EXPECT_THAT(TcpControlPlane::Connect(ExchangeJob(1, 2, true), nullptr, short_one).status().ToString(),
              HasSubstr("512 bytes"));
  EXPECT_THAT(TcpControlPlane::Connect(ExchangeJob(1, 2, true), nullptr).status().ToString(),
              HasSubstr("none was given"));
  const auto unordered = [](absl::string_view mine, std::string* all) {
    *all = std::string(mine) + std::string(mine.size(), 'x');
    return absl::OkStatus();
  };
  EXPECT_THAT(TcpControlPlane::Connect(ExchangeJob(1, 2, true), nullptr, unordered).status().ToString(),
              HasSubstr("rank order"));
}

TEST(FileRendezvous, AFileOfAnEarlierJobDoesNotMislead) {
  // The port is open again, but a stranger has it: a service of a job with another ticket.
  ScratchFolder other_folder;
  auto stranger = TcpControlPlane::Connect(FileJob(other_folder, 0, 2), nullptr);
  ASSERT_TRUE(stranger.ok());
  const auto text = ReadPrivateFile(RendezvousPath(FileJob(other_folder, 0, 2).rendezvous), 4096);
  ASSERT_TRUE(text.ok());
  auto notice = ServiceNotice::Parse(*text);
  ASSERT_TRUE(notice.has_value());
  notice->ticket = std::string(64, '0');

  ScratchFolder folder;
  ASSERT_TRUE(WritePrivateFile(folder.File("rendezvous"), notice->ToText()).ok());
  std::atomic<int> joined{0};
  OnEachRank(2, [&](int rank) {
    if (rank == 0) usleep(100'000);  // rank 1 meets the stranger first
    auto plane = TcpControlPlane::Connect(FileJob(folder, rank, 2), nullptr);
    ASSERT_TRUE(plane.ok()) << plane.status();
    ASSERT_TRUE((*plane)->Join((*plane)->self()).ok());
    ++joined;
  });
  EXPECT_EQ(joined, 2);
}

TEST(FileRendezvous, HalfAFileIsWaitedOut) {
  ScratchFolder folder;
  ASSERT_TRUE(WritePrivateFile(folder.File("rendezvous"), "tutti-serv").ok());
  EXPECT_EQ(Start(2,
                  [&](int rank) {
                    if (rank == 0) usleep(50'000);
                    return FileJob(folder, rank, 2);
                  }),
            "127.0.0.1");
}

TEST(FileRendezvous, AFileThatOthersMayWriteIsRefused) {
  ScratchFolder folder;
  std::ofstream(folder.File("rendezvous")) << "x";
  chmod(folder.File("rendezvous").c_str(), 0666);
  const auto plane = TcpControlPlane::Connect(FileJob(folder, 1, 2), nullptr);
  ASSERT_FALSE(plane.ok());
  EXPECT_THAT(plane.status().ToString(), AllOf(HasSubstr("PERMISSION_DENIED"), HasSubstr("0600")));
}

TEST(FileRendezvous, AMissingFolderIsMadePrivate) {
  ScratchFolder folder;
  JobSettings settings = FileJob(folder, 0, 2);
  settings.rendezvous = "file://" + folder.File("new/rendezvous");
  const auto plane = TcpControlPlane::Connect(settings, nullptr);
  ASSERT_TRUE(plane.ok()) << plane.status();
  struct stat facts = {};
  ASSERT_EQ(stat(folder.File("new").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
  ASSERT_EQ(stat(folder.File("new/rendezvous").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST(PrivateFile, AFileOfAnotherUserIsRefused) {
  ScratchFolder folder;
  ASSERT_TRUE(WritePrivateFile(folder.File("file"), "x").ok());
  if (chown(folder.File("file").c_str(), 12345, 12345) != 0) GTEST_SKIP() << "only root can give files away";
  EXPECT_TRUE(absl::IsPermissionDenied(ReadPrivateFile(folder.File("file"), 99).status()));
}

TEST(PrivateFile, IsPrivateAndWholeWhateverItReplaces) {
  ScratchFolder folder;
  std::ofstream(folder.File("file")) << "something longer than what comes";
  chmod(folder.File("file").c_str(), 0666);
  ASSERT_TRUE(WritePrivateFile(folder.File("file"), "short").ok());
  EXPECT_EQ(ReadPrivateFile(folder.File("file"), 99).value(), "short");
  EXPECT_TRUE(absl::IsNotFound(WritePrivateFile(folder.File("no/such/folder/file"), "x")));
}

TEST(PrivateFile, LinksPipesAndLongFilesAreRefused) {
  ScratchFolder folder;
  ASSERT_TRUE(WritePrivateFile(folder.File("file"), "12345").ok());
  EXPECT_EQ(ReadPrivateFile(folder.File("file"), 5).value(), "12345");
  EXPECT_FALSE(ReadPrivateFile(folder.File("file"), 4).ok());
  ASSERT_EQ(symlink(folder.File("file").c_str(), folder.File("link").c_str()), 0);
  EXPECT_FALSE(ReadPrivateFile(folder.File("link"), 99).ok());
  ASSERT_EQ(mkfifo(folder.File("pipe").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(ReadPrivateFile(folder.File("pipe"), 99).status()));
  RemovePrivateFile(folder.File("file"), "other content");
  EXPECT_TRUE(ReadPrivateFile(folder.File("file"), 5).ok());
  RemovePrivateFile(folder.File("file"), "12345");
  EXPECT_TRUE(absl::IsNotFound(ReadPrivateFile(folder.File("file"), 5).status()));
}

}  // namespace
}  // namespace tutti
