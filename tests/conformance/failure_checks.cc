// SPDX-License-Identifier: Apache-2.0
// Promise 7: the loss of a peer. Rank 1 dies; ranks 0 and 2 go on.
#include "checks.h"
#include "exchange.h"

namespace tutti::conformance {
namespace {

constexpr char kCannotKill[] = "this fixture cannot kill an endpoint";

// Makes sure that all paths stand.
absl::Status Warm(Exchange& exchange) {
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  for (int32_t from = 0; from < exchange.fixture().size(); ++from) {
    for (int32_t to = 0; to < exchange.fixture().size(); ++to) {
      if (from != to) exchange.PostBoth(exchange.AddNext({.from = from, .to = to, .bytes = 8}));
    }
  }
  return exchange.RunUntilFinished();
}

// Between ranks 0 and 2, of both kinds.
absl::Status TrafficGoesOn(Exchange& exchange) {
  std::vector<size_t> messages;
  for (uint64_t i = 0; i < 20; ++i) {
    const uint64_t bytes = i % 2 == 0 ? 100 : 4 * exchange.eager_bytes() + i;
    const bool there = i % 4 < 2;
    messages.push_back(exchange.AddNext({.from = there ? 0 : 2, .to = there ? 2 : 0, .bytes = bytes}));
    exchange.PostBoth(messages.back());
  }
  return exchange.RunUntil(
      [&] {
        for (size_t message : messages) {
          if (exchange.recv_side(message) != Side::kDone || exchange.send_side(message) != Side::kDone) return false;
        }
        return true;
      },
      "messages between two ranks that live on");
}

absl::Status ExpectFailureAt(Exchange& exchange, int32_t rank) {
  return exchange.RunUntil([&] { return exchange.Failed(rank, 1); }, "rank 0 or 2 to be told that rank 1 failed");
}

// Of every kind, in both directions, none of which can complete.
void PostDoomed(Exchange& exchange, int32_t rank) {
  const uint64_t large = 2 * exchange.eager_bytes() + 100;
  exchange.PostRecv(exchange.AddNext({.from = 1, .to = rank, .bytes = 100}));
  exchange.PostRecv(exchange.AddNext({.from = 1, .to = rank, .bytes = 100, .by_view = true}));
  exchange.PostRecv(exchange.AddNext({.from = 1, .to = rank, .bytes = large}));
  exchange.PostSend(exchange.AddNext({.from = rank, .to = 1, .bytes = large}));
}

absl::Status ADeadPeerIsReportedOnceAndItsRequestsAreDropped(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(Warm(exchange));
  for (int32_t rank : {0, 2}) PostDoomed(exchange, rank);
  CONFORMANCE_RETURN_IF_ERROR(exchange.Linger());
  for (int32_t rank : {0, 2}) exchange.AllowFailure(rank, 1);
  if (!exchange.Kill(1)) return absl::UnimplementedError(kCannotKill);
  for (int32_t rank : {0, 2}) CONFORMANCE_RETURN_IF_ERROR(ExpectFailureAt(exchange, rank));
  CONFORMANCE_RETURN_IF_ERROR(Require(fixture.endpoint(0).PeerError(2).empty(), "a peer that lives has an error"));
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange));
  return exchange.Linger();
}

// As a rank does that has not heard of it, and again when it has.
absl::Status RequestsToADeadPeerAreDropped(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(Warm(exchange));
  for (int32_t rank : {0, 2}) exchange.AllowFailure(rank, 1);
  if (!exchange.Kill(1)) return absl::UnimplementedError(kCannotKill);
  for (int32_t rank : {0, 2}) PostDoomed(exchange, rank);
  for (int32_t rank : {0, 2}) CONFORMANCE_RETURN_IF_ERROR(ExpectFailureAt(exchange, rank));
  for (int32_t rank : {0, 2}) PostDoomed(exchange, rank);
  for (int32_t rank : {0, 2}) exchange.PostSend(exchange.AddNext({.from = rank, .to = 1, .bytes = 8}));
  CONFORMANCE_RETURN_IF_ERROR(exchange.Linger());
  return TrafficGoesOn(exchange);
}

absl::Status APeerMayDieInTheMiddleOfItsMessages(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(Warm(exchange));
  const uint64_t bytes = uint64_t{4} << 20;
  const size_t viewed = exchange.AddNext({.from = 1, .to = 0, .bytes = 4 * bytes, .by_view = true});
  for (uint64_t i = 0; i < 4; ++i) {
    exchange.PostBoth(exchange.AddNext({.from = 1, .to = 0, .bytes = bytes + i}));
    exchange.PostBoth(exchange.AddNext({.from = 0, .to = 1, .bytes = bytes + i, .by_view = i % 2 == 0}));
    exchange.PostBoth(exchange.AddNext({.from = 2, .to = 1, .bytes = bytes + i}));
  }
  exchange.PostBoth(viewed);
  // So that both survivors want something of it even if all the rest has arrived.
  for (int32_t rank : {0, 2}) PostDoomed(exchange, rank);
  CONFORMANCE_RETURN_IF_ERROR(
      exchange.RunUntil([&] { return exchange.viewed_bytes(viewed) > 0; }, "the first part of a large message"));
  for (int32_t rank : {0, 2}) exchange.AllowFailure(rank, 1);
  if (!exchange.Kill(1)) return absl::UnimplementedError(kCannotKill);
  for (int32_t rank : {0, 2}) CONFORMANCE_RETURN_IF_ERROR(ExpectFailureAt(exchange, rank));
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange));
  return exchange.Linger();
}

absl::Status APeerThatCannotBeReachedIsReported(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  const std::string address = fixture.endpoint(1).Address();
  exchange.AllowFailure(0, 1);
  if (!exchange.Kill(1)) return absl::UnimplementedError(kCannotKill);
  CONFORMANCE_RETURN_IF_ERROR(fixture.endpoint(0).Connect(1, address));
  PostDoomed(exchange, 0);
  CONFORMANCE_RETURN_IF_ERROR(ExpectFailureAt(exchange, 0));
  CONFORMANCE_RETURN_IF_ERROR(exchange.Connect(0, 2));
  CONFORMANCE_RETURN_IF_ERROR(exchange.Connect(2, 0));
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange));
  return exchange.Linger();
}

}  // namespace

std::vector<NamedCheck> FailureChecks() {
  return {
      {"ADeadPeerIsReportedOnceAndItsRequestsAreDropped", 7, 3, ADeadPeerIsReportedOnceAndItsRequestsAreDropped},
      {"RequestsToADeadPeerAreDropped", 7, 3, RequestsToADeadPeerAreDropped},
      {"APeerMayDieInTheMiddleOfItsMessages", 7, 3, APeerMayDieInTheMiddleOfItsMessages},
      {"APeerThatCannotBeReachedIsReported", 7, 3, APeerThatCannotBeReachedIsReported},
  };
}

}  // namespace tutti::conformance
