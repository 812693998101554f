// SPDX-License-Identifier: Apache-2.0
// Which transport leads to a peer, seen from both ends.
#include "lib/comm/paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tutti {
namespace {

using ::testing::HasSubstr;

// A transport that has a name and an address, and reaches those whose address begins with the same letter.
class Named final : public Transport {
 public:
  Named(const char* name, std::string address, bool same_host_only) : address_(std::move(address)) {
    capabilities_.name = name;
    capabilities_.same_host_only = same_host_only;
  }
  const TransportCapabilities& capabilities() const override { return capabilities_; }
  const TransportCounters& counters() const override { return counters_; }
  std::string Address() const override { return address_; }
  bool Reaches(absl::string_view address) const override { return address[0] == address_[0]; }
  absl::Status Connect(int32_t, absl::string_view) override { return absl::OkStatus(); }
  std::string PeerError(int32_t) const override { return ""; }
  void CloseChannel(uint32_t) override {}
  void ClosePeer(int32_t) override {}
  void VisitEarly(absl::FunctionRef<void(const EarlyMessage&)>) const override {}
  void PostSends(absl::Span<const SendRequest>) override {}
  void PostRecvs(absl::Span<const RecvRequest>) override {}
  size_t Poll(absl::Span<Completion>) override { return 0; }
  bool HasUnsentBytes() const override { return false; }
  int wait_fd() const override { return -1; }
  bool PrepareToSleep() override { return true; }

 private:
  TransportCapabilities capabilities_;
  TransportCounters counters_;
  std::string address_;
};

// One rank: "s" shm, "v" verbs on Ethernet, "V" verbs on InfiniBand, "t" TCP.
struct Rank {
  Rank(int number, const std::string& host, const std::string& kinds) {
    for (const char kind : kinds) {
      const std::string address = std::string(1, kind) + std::to_string(number);
      transports.push_back(std::make_unique<Named>(kind == 's'   ? "shm"
                                                   : kind == 't' ? "tcp"
                                                                 : "verbs",
                                                   address, kind == 's'));
    }
    card = {.rank = number, .host = host, .host_id = host, .pid = 1, .address = EncodeAddresses(transports)};
  }

  // The name of the transport to the peer, or the error.
  std::string PathTo(const Rank& peer) const {
    const absl::StatusOr<PeerConnection> path = ChoosePath(transports, card.host_id, peer.card);
    if (!path.ok()) return std::string(path.status().message());
    EXPECT_EQ(path->peer, peer.card.rank);
    return transports[path->transport]->capabilities().name;
  }

  std::vector<std::unique_ptr<Transport>> transports;
  PeerCard card;
};

void ExpectBothTake(const std::string& name, const Rank& one, const Rank& other) {
  EXPECT_EQ(one.PathTo(other), name);
  EXPECT_EQ(other.PathTo(one), name);
}

TEST(Paths, TheFirstTransportThatBothHaveIsTaken) {
  ExpectBothTake("shm", Rank(0, "a", "svt"), Rank(1, "a", "svt"));
  ExpectBothTake("verbs", Rank(0, "a", "svt"), Rank(1, "b", "svt"));
  ExpectBothTake("verbs", Rank(0, "a", "svt"), Rank(1, "a", "vt"));
  ExpectBothTake("tcp", Rank(0, "a", "svt"), Rank(1, "b", "st"));
  ExpectBothTake("tcp", Rank(0, "a", "t"), Rank(1, "a", "svt"));
}

TEST(Paths, PortsThatDoNotReachEachOtherAreLeftOutAtBothEnds) {
  ExpectBothTake("tcp", Rank(0, "a", "vt"), Rank(1, "b", "Vt"));
  ExpectBothTake("verbs", Rank(0, "a", "Vt"), Rank(1, "b", "Vt"));
}

TEST(Paths, WithoutACommonTransportTheErrorNamesThePeerAndWhatThisRankHas) {
  const Rank one(0, "a", "sv");
  const Rank other(1, "b", "t");
  EXPECT_THAT(one.PathTo(other), HasSubstr("rank 1 on host b cannot be reached by shm,verbs"));
  EXPECT_THAT(one.PathTo(other), HasSubstr("TUTTI_TRANSPORT"));
  EXPECT_THAT(other.PathTo(one), HasSubstr("rank 0 on host a cannot be reached by tcp"));
}

TEST(Paths, AMalformedCardIsRefused) {
  const Rank one(0, "a", "vt");
  Rank other(1, "b", "vt");
  other.card.address.resize(other.card.address.size() - 1);
  EXPECT_THAT(Rank(0, "a", "t").PathTo(other), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace tutti
