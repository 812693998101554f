// SPDX-License-Identifier: Apache-2.0
// CloseChannel and ClosePeer: what is dropped, and what goes on.
#include "checks.h"
#include "exchange.h"

namespace tutti::conformance {
namespace {

constexpr uint32_t kDoomed = 5;
constexpr uint32_t kKept = 6;

size_t AddOn(Exchange& exchange, uint32_t channel, int32_t from, int32_t to, uint64_t bytes, bool by_view = false) {
  MessageSpec spec{.from = from, .to = to, .bytes = bytes, .by_view = by_view};
  spec.id.channel = channel;
  return exchange.AddNext(spec);
}

bool AllFinished(const Exchange& exchange, const std::vector<size_t>& messages) {
  for (size_t message : messages) {
    if (!exchange.Finished(message)) return false;
  }
  return true;
}

absl::Status TrafficGoesOn(Exchange& exchange, int32_t a, int32_t b, uint32_t channel) {
  std::vector<size_t> messages;
  for (uint64_t i = 0; i < 30; ++i) {
    const uint64_t bytes = i % 3 == 0 ? 3 * exchange.eager_bytes() + i : 20 * i;
    messages.push_back(AddOn(exchange, channel, i % 2 == 0 ? a : b, i % 2 == 0 ? b : a, bytes, i % 5 == 0));
    exchange.PostBoth(messages.back());
  }
  return exchange.RunUntil([&] { return AllFinished(exchange, messages); }, "messages of another channel");
}

// Both ends close, one after the other, while both channels are full of messages of every kind.
absl::Status AClosedChannelDropsItsRequestsOnly(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange, 0, 1, kKept));
  std::vector<size_t> kept;
  for (uint64_t i = 0; i < 40; ++i) {
    const auto from = static_cast<int32_t>(i % 2);
    const uint64_t lengths[] = {0, 100, exchange.eager_bytes(), exchange.eager_bytes() + 1, uint64_t{1} << 20};
    const uint64_t bytes = lengths[i / 2 % 5];
    const size_t doomed = AddOn(exchange, kDoomed, from, 1 - from, bytes, i % 3 == 0);
    if (i % 4 != 0) exchange.PostSend(doomed);
    if (i % 4 != 1) exchange.PostRecv(doomed);
    kept.push_back(AddOn(exchange, kKept, from, 1 - from, bytes, i % 3 == 1));
    exchange.PostBoth(kept.back());
  }
  for (int i = 0; i < 6; ++i) {
    CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
    fixture.Step();
  }
  exchange.CloseChannel(0, kDoomed);
  for (int i = 0; i < 6; ++i) {
    CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
    fixture.Step();
  }
  exchange.CloseChannel(1, kDoomed);
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntil([&] { return AllFinished(exchange, kept); },
                                                "messages of a channel that stays, posted before another was closed"));
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange, 0, 1, kKept));
  return exchange.Linger();
}

// At one end only: what the other end still sends is dropped, and takes no room from other channels.
absl::Status WhatArrivesForAClosedChannelIsDropped(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange, 0, 1, kKept));
  const uint64_t eager = exchange.eager_bytes();
  // Some kept for receives that never come, some on their way, some sent afterwards.
  for (int i = 0; i < 8; ++i) exchange.PostSend(AddOn(exchange, kDoomed, 0, 1, eager));
  CONFORMANCE_RETURN_IF_ERROR(exchange.Linger());
  for (int i = 0; i < 8; ++i) exchange.PostSend(AddOn(exchange, kDoomed, 0, 1, eager));
  exchange.CloseChannel(1, kDoomed);
  const uint64_t count = 2 * fixture.max_unreceived_bytes() / eager + 16;
  for (uint64_t i = 0; i < count; ++i) {
    exchange.PostSend(AddOn(exchange, kDoomed, 0, 1, i % 10 == 0 ? eager + 1 : eager));
    if (i % 16 == 0) CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.Linger());
  const size_t small = AddOn(exchange, kKept, 0, 1, eager);
  exchange.PostSend(small);
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntil([&] { return exchange.send_side(small) == Side::kDone; },
                                                "a small send on a channel that is not closed, after a flood on one "
                                                "that is, to be done without its receive"));
  exchange.PostRecv(small);
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange, 0, 1, kKept));
  exchange.CloseChannel(0, kDoomed);
  return exchange.Linger();
}

// Posted to a closed channel: dropped, like all else that is late for it.
absl::Status RequestsOnAClosedChannelAreDropped(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  for (int32_t rank : {0, 1}) exchange.CloseChannel(rank, kDoomed);
  for (uint64_t bytes : {uint64_t{0}, uint64_t{64}, exchange.eager_bytes() + 1}) {
    exchange.PostBoth(AddOn(exchange, kDoomed, 0, 1, bytes));
  }
  for (int32_t rank : {0, 1}) exchange.CloseChannel(rank, kDoomed);  // marks them as dropped; for the transport a no-op
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange, 0, 1, kKept));
  return exchange.Linger();
}

absl::Status ClosePeerIsSilentHereAndAFailureThere(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange, 0, 1, kKept));
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange, 0, 2, kKept));
  for (uint64_t bytes : {uint64_t{100}, exchange.eager_bytes() + 1, uint64_t{1} << 20}) {
    exchange.PostRecv(AddOn(exchange, kKept, 0, 1, bytes));
    exchange.PostRecv(AddOn(exchange, kKept, 1, 0, bytes));
    exchange.PostBoth(AddOn(exchange, kKept, 0, 1, bytes, true));
    exchange.PostBoth(AddOn(exchange, kKept, 1, 0, bytes));
  }
  for (int i = 0; i < 3; ++i) {
    CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
    fixture.Step();
  }
  exchange.AllowFailure(1, 0);
  exchange.ClosePeer(0, 1);
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntil([&] { return exchange.Failed(1, 0); },
                                                "rank 1 to be told that rank 0 has closed their connection"));
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange, 0, 2, kKept));
  CONFORMANCE_RETURN_IF_ERROR(TrafficGoesOn(exchange, 1, 2, kKept));
  exchange.ClosePeer(1, 0);
  exchange.ClosePeer(0, 1);
  return exchange.Linger();
}

}  // namespace

std::vector<NamedCheck> ClosingChecks() {
  return {
      {"AClosedChannelDropsItsRequestsOnly", 6, 2, AClosedChannelDropsItsRequestsOnly},
      {"WhatArrivesForAClosedChannelIsDropped", 6, 2, WhatArrivesForAClosedChannelIsDropped},
      {"RequestsOnAClosedChannelAreDropped", 6, 2, RequestsOnAClosedChannelAreDropped},
      {"ClosePeerIsSilentHereAndAFailureThere", 6, 3, ClosePeerIsSilentHereAndAFailureThere},
  };
}

}  // namespace tutti::conformance
