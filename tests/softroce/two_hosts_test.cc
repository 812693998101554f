// SPDX-License-Identifier: Apache-2.0
// Two hosts with an RDMA device each and a network between them, which can be made bad. Both run this program at the same
// time: $SOFTROCE_GUEST says which one this is. Addresses are exchanged by files in the folder that both can write.
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/clock.h"
#include "transports/tcp/tcp_transport.h"
#include "transports/verbs/verbs_transport.h"

#include "guest.h"
#include "netem.h"

namespace tutti::verbs {
namespace {

constexpr int64_t kTimeoutNs = 60 * kNsPerSecond;

int64_t Now() { return MonotonicClock().NowNs(); }

uint8_t PatternAt(size_t message, size_t at) { return static_cast<uint8_t>(7 * message + at + at / 251); }

// This host's end of a job of two ranks.
class Host {
 public:
  // `control_network`: where TCP is to go.
  explicit Host(const std::string& control_network = "10.77.0.") {
    const std::string address = "10.77.0." + std::to_string(Here() + 1);
    tcp::TcpOptions control;
    control.rank = Here();
    control.size = 2;
    control.bind_address = control_network + std::to_string(Here() + 1);
    control.secret = "the secret of a test";
    auto connections = tcp::TcpTransport::Create(control);
    if (!connections.ok()) ADD_FAILURE() << connections.status();
    VerbsOptions options;
    options.rank = Here();
    options.size = 2;
    options.port.address = address;
    options.port.ack_timeout = 16;
    options.rails = 1;
    auto endpoint = VerbsTransport::Create(options, *std::move(connections));
    if (!endpoint.ok()) ADD_FAILURE() << endpoint.status();
    endpoint_ = *std::move(endpoint);
    EXPECT_THAT(endpoint_->DescribeDevice(), ::testing::HasSubstr(address));
  }

  Transport& endpoint() { return *endpoint_; }

  // Writes this end's address, waits for the other one's, and connects.
  void Connect() {
    const std::string folder = std::string(std::getenv("SOFTROCE_JOB")) + "/results/";
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    const auto file = [&](int guest) { return folder + test + ".address" + std::to_string(guest); };
    std::ofstream(file(Here()) + ".new") << endpoint_->Address();
    ASSERT_EQ(::rename((file(Here()) + ".new").c_str(), file(Here()).c_str()), 0);
    std::string other;
    for (const int64_t deadline_ns = Now() + kTimeoutNs; other.empty() && Now() < deadline_ns; ::usleep(20'000)) {
      std::ostringstream content;
      content << std::ifstream(file(1 - Here())).rdbuf();
      other = content.str();
    }
    ASSERT_FALSE(other.empty()) << "the other host did not come";
    ASSERT_TRUE(endpoint_->Connect(1 - Here(), other).ok());
  }

  void Send(uint64_t id, const std::vector<uint8_t>& data) {
    SendRequest request;
    request.peer = 1 - Here();
    request.id.sequence = id;
    request.data = data.data();
    request.bytes = data.size();
    request.context = 1000 + id;
    endpoint_->PostSends({&request, 1});
    waiting_.insert(request.context);
  }

  // data == nullptr: by view.
  void Receive(uint64_t id, uint8_t* data, uint64_t bytes) {
    RecvRequest request;
    request.peer = 1 - Here();
    request.id.sequence = id;
    request.data = data;
    request.bytes = bytes;
    request.context = id;
    endpoint_->PostRecvs({&request, 1});
    waiting_.insert(id);
    sizes_[id] = bytes;
  }

  bool IsWaitingFor(uint64_t context) const { return waiting_.contains(context); }

  // Until all that was posted has completed and left, or a failure.
  void Run() {
    RunWhile([this] { return !waiting_.empty() || endpoint_->HasUnsentBytes(); });
  }
  void RunWhile(const std::function<bool()>& goes_on) {
    Completion completions[16];
    for (const int64_t deadline_ns = Now() + kTimeoutNs; goes_on();) {
      ASSERT_LT(Now(), deadline_ns) << waiting_.size() << " requests did not complete";
      const size_t count = endpoint_->Poll(absl::MakeSpan(completions));
      for (size_t i = 0; i < count; ++i) Take(completions[i]);
      if (failed) return;
      if (count == 0) Sleep();
    }
  }

  bool failed = false;

 private:
  void Take(const Completion& done) {
    switch (done.kind) {
      case CompletionKind::kSendDone:
      case CompletionKind::kRecvDone:
        EXPECT_EQ(waiting_.erase(done.context), 1u);
        return;
      case CompletionKind::kRecvView: {
        const auto* bytes = static_cast<const uint8_t*>(done.view);
        for (uint64_t at = 0; at < done.bytes; ++at) {
          ASSERT_EQ(bytes[at], PatternAt(done.context, done.view_offset + at)) << "message " << done.context;
        }
        if (done.view_offset + done.bytes == sizes_[done.context]) waiting_.erase(done.context);
        return;
      }
      case CompletionKind::kMismatch:
        ADD_FAILURE() << "a mismatch";
        return;
      case CompletionKind::kPeerFailed:
        failed = true;
        return;
    }
  }

  // Emulated cores are few: never spin.
  void Sleep() {
    if (!endpoint_->PrepareToSleep()) return;
    pollfd wait = {endpoint_->wait_fd(), POLLIN, 0};
    (void)::poll(&wait, 1, 20);
  }

  std::unique_ptr<VerbsTransport> endpoint_;
  std::set<uint64_t> waiting_;
  std::map<uint64_t, uint64_t> sizes_;
};

// Small and large, both ways, half of them by view.
void Exchange(int rounds, size_t longest = 300'001) {
  Host host;
  ASSERT_NO_FATAL_FAILURE(host.Connect());
  const size_t lengths[] = {0, 1, 64, 8192, 8193, longest / 3, longest};
  std::vector<std::vector<uint8_t>> sent;
  std::vector<std::vector<uint8_t>> received;
  const size_t count = std::size(lengths) * static_cast<size_t>(rounds);
  for (size_t i = 0; i < count; ++i) {
    sent.emplace_back(lengths[i % std::size(lengths)]);
    received.emplace_back(sent.back().size());
    for (size_t at = 0; at < sent.back().size(); ++at) sent.back()[at] = PatternAt(i, at);
  }
  for (size_t i = 0; i < count; ++i) {
    host.Receive(i, i % 2 == 0 ? received[i].data() : nullptr, received[i].size());
    host.Send(i, sent[i]);
  }
  ASSERT_NO_FATAL_FAILURE(host.Run());
  ASSERT_FALSE(host.failed) << host.endpoint().PeerError(1 - Here());
  for (size_t i = 0; i < count; i += 2) {
    for (size_t at = 0; at < received[i].size(); ++at) {
      ASSERT_EQ(received[i][at], PatternAt(i, at)) << "message " << i << " of " << received[i].size() << " bytes";
    }
  }
}

TEST(TwoHosts, MessagesArrive) { Exchange(4); }

// A reliable queue pair takes reordering for loss, and goes back each time: this is slow, and right.
TEST(TwoHosts, MessagesArriveThoughPacketsAreDelayedAndReordered) {
  const Netem netem("delay 10ms 10ms");
  Exchange(1, /*longest=*/30'000);
}

TEST(TwoHosts, MessagesArriveThoughOnePacketInAHundredIsLost) {
  const Netem netem("loss 1%");
  Exchange(4);
}

TEST(TwoHosts, MessagesArriveThoughOnePacketInTwentyIsLost) {
  const Netem netem("loss 5%");
  Exchange(2);
}

// Rank 0's RDMA device hears nothing from this host, until the end of its life: packets go to a card that is not there.
// TCP goes on, between other addresses.
class Mute {
 public:
  Mute() { EXPECT_EQ(std::system("ip neigh replace 10.77.0.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent"), 0); }
  ~Mute() { (void)!std::system("ip neigh del 10.77.0.1 dev eth0"); }
};

// Rank 1 receives a large message, of whose acknowledgements none comes through, and closes its channel or leaves. It has
// received the message, so rank 0's send must end well.
void ReceiveWithoutAcknowledging(bool leaves) {
  constexpr size_t kBytes = 100'000;  // so few packets are sent without any acknowledgement
  ASSERT_EQ(std::system(("ip addr replace 10.78.0." + std::to_string(Here() + 1) + "/24 dev eth0").c_str()), 0);
  std::vector<uint8_t> memory(kBytes), word(1), first(kBytes);
  std::optional<Mute> mute;  // ends after the endpoint
  Host host("10.78.0.");
  ASSERT_NO_FATAL_FAILURE(host.Connect());
  // So that the channel's queue pairs stand.
  if (Here() == 0) host.Send(2, first);
  if (Here() == 1) host.Receive(2, first.data(), kBytes);
  ASSERT_NO_FATAL_FAILURE(host.Run());
  if (Here() == 0) {
    host.Receive(1, word.data(), 1);
    ASSERT_NO_FATAL_FAILURE(host.RunWhile([&] { return host.IsWaitingFor(1); }));
    ::usleep(500'000);  // by then the other one is mute
    host.Send(0, memory);
    ASSERT_NO_FATAL_FAILURE(host.RunWhile([&] { return host.IsWaitingFor(1000); }));
    EXPECT_FALSE(host.failed) << host.endpoint().PeerError(1);
    return;
  }
  host.Receive(0, memory.data(), kBytes);
  host.Send(1, word);  // goes behind the grant
  ASSERT_NO_FATAL_FAILURE(host.RunWhile([&] { return host.endpoint().HasUnsentBytes() || host.IsWaitingFor(1001); }));
  mute.emplace();
  ASSERT_NO_FATAL_FAILURE(host.RunWhile([&] { return host.IsWaitingFor(0); }));
  ASSERT_FALSE(host.failed);
  if (leaves) return;
  host.endpoint().CloseChannel(0);
  mute.reset();
  ASSERT_NO_FATAL_FAILURE(host.RunWhile([&] { return host.endpoint().HasUnsentBytes(); }));
}

TEST(TwoHosts, ASendEndsWellThoughItsReceiverHasLeftAndAcknowledgementsAreLost) { ReceiveWithoutAcknowledging(true); }

TEST(TwoHosts, ASendEndsWellThoughItsReceiverHasClosedTheChannelAndAcknowledgementsAreLost) {
  ReceiveWithoutAcknowledging(false);
}

// For longer than the devices try. There is no other rail: both ends make new queue pairs for this one, and what had not
// arrived is sent again.
TEST(TwoHosts, TheOnlyRailIsJoinedAgainWhenItWasMuteForTooLong) {
  constexpr int64_t kMuteNs = 2'900 * kNsPerMs;  // lost after 1.9 s, and probed until 1.9 s later
  ASSERT_EQ(std::system(("ip addr replace 10.78.0." + std::to_string(Here() + 1) + "/24 dev eth0").c_str()), 0);
  Host host("10.78.0.");
  ASSERT_NO_FATAL_FAILURE(host.Connect());
  const size_t lengths[] = {64, 100'000, 8, 300'000, 300'000, 1};
  constexpr size_t kCount = std::size(lengths);
  std::vector<std::vector<uint8_t>> sent, received;
  for (size_t i = 0; i < 2 * kCount; ++i) {
    sent.emplace_back(lengths[i % kCount]);
    for (size_t at = 0; at < sent.back().size(); ++at) sent.back()[at] = PatternAt(i, at);
    received.emplace_back(sent.back().size());
  }
  const auto exchange = [&](size_t first) {
    for (size_t i = first; i < first + kCount; ++i) {
      host.Receive(i, i % 3 == 0 ? nullptr : received[i].data(), received[i].size());
      host.Send(i, sent[i]);
    }
  };
  exchange(0);
  ASSERT_NO_FATAL_FAILURE(host.Run());
  std::optional<Mute> mute;
  if (Here() == 1) mute.emplace();
  exchange(kCount);
  for (const int64_t end_ns = Now() + kMuteNs; Now() < end_ns;) {
    ASSERT_NO_FATAL_FAILURE(host.RunWhile([&] { return Now() < end_ns; }));
  }
  mute.reset();
  ASSERT_NO_FATAL_FAILURE(host.Run());
  ASSERT_FALSE(host.failed) << host.endpoint().PeerError(1 - Here());
  for (size_t i = 0; i < 2 * kCount; ++i) {
    if (i % 3 == 0) continue;  // was shown, and looked at
    EXPECT_EQ(received[i], sent[i]) << "message " << i;
  }
  EXPECT_EQ(host.endpoint().counters().rails_lost, 1u);
  EXPECT_EQ(host.endpoint().counters().rails_rejoined, 1u);
}

// Rank 1 is a process that is killed while rank 0 writes to it.
TEST(TwoHosts, AKilledPeerIsKnownAtOnce) {
  constexpr size_t kBytes = 32 << 20;
  constexpr int64_t kMomentNs = 300 * kNsPerMs;
  if (Here() == 1) {
    const pid_t child = ::fork();
    if (child == 0) {
      Host host;
      host.Connect();
      std::vector<uint8_t> memory(kBytes);
      std::vector<uint8_t> word(1);
      host.Receive(0, memory.data(), kBytes);
      host.Send(1, word);
      Completion completions[16];
      // The word has left; a moment later most of the large message is still to come.
      for (int64_t end_ns = 0; end_ns == 0 || Now() < end_ns; ::usleep(1000)) {
        (void)host.endpoint().Poll(absl::MakeSpan(completions));
        if (end_ns == 0 && host.endpoint().counters().messages_sent == 1) end_ns = Now() + kMomentNs;
      }
      ::raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return;
  }
  Host host;
  ASSERT_NO_FATAL_FAILURE(host.Connect());
  std::vector<uint8_t> large(kBytes);
  std::vector<uint8_t> word(1);
  host.Send(0, large);
  host.Receive(1, word.data(), 1);
  ASSERT_NO_FATAL_FAILURE(host.RunWhile([&] { return host.IsWaitingFor(1); }));
  const int64_t word_ns = Now();
  ASSERT_TRUE(host.IsWaitingFor(1000)) << "the large message was faster than the kill";
  ASSERT_NO_FATAL_FAILURE(host.Run());
  const int64_t known_ns = Now();
  ASSERT_TRUE(host.failed);
  // Whichever is heard of first: the end of its connection, or of its memory.
  EXPECT_THAT(host.endpoint().PeerError(1),
              ::testing::AnyOf(::testing::HasSubstr("connection"), ::testing::HasSubstr("has died")));
  // It lives on for a moment after its word. A second is the aim; an emulated host is given three.
  EXPECT_LT(known_ns - word_ns, kMomentNs + 3 * kNsPerSecond);
}

}  // namespace
}  // namespace tutti::verbs
