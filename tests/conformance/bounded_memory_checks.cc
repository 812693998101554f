// SPDX-License-Identifier: Apache-2.0
// Promise 5: what may move before its receive is posted.
#include <algorithm>

#include "absl/strings/str_cat.h"

#include "checks.h"
#include "exchange.h"

namespace tutti::conformance {
namespace {

// Small messages that amount to far more than the receiver's budget, none of them received yet.
absl::Status Flood(Exchange& exchange, uint64_t message_bytes, std::vector<size_t>* messages) {
  ConformanceFixture& fixture = exchange.fixture();
  const uint64_t count = 3 * fixture.max_unreceived_bytes() / message_bytes + 64;
  for (uint64_t i = 0; i < count; ++i) messages->push_back(exchange.AddNext({.bytes = message_bytes}));
  for (size_t message : *messages) {
    exchange.PostSend(message);
    if (exchange.prng().Chance(0.05)) CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.Linger());
  uint64_t done = 0;
  for (size_t message : *messages) done += exchange.send_side(message) == Side::kDone ? 1 : 0;
  CONFORMANCE_RETURN_IF_ERROR(
      Require(done * message_bytes <= fixture.max_unreceived_bytes(),
              absl::StrCat(done, " sends of ", message_bytes, " bytes are done while none was received; at most ",
                           fixture.max_unreceived_bytes(), " bytes may be")));
  return Require(done > 0, absl::StrCat("no send of ", message_bytes,
                                        " bytes, which is up to eager_bytes, is done without its receive"));
}

absl::Status AFloodingSenderIsHeldBack(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  std::vector<size_t> messages;
  CONFORMANCE_RETURN_IF_ERROR(Flood(exchange, exchange.eager_bytes(), &messages));
  // And all of it arrives in the end.
  for (size_t message : messages) {
    exchange.PostRecv(message);
    if (exchange.prng().Chance(0.1)) CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
  }
  return exchange.RunUntilFinished();
}

// The budget may hold messages back, but not keep two sides that have both posted from meeting (promise 1).
absl::Status AHeldBackMessageComesWhenItsReceiveIsPosted(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  std::vector<size_t> messages;
  CONFORMANCE_RETURN_IF_ERROR(Flood(exchange, std::min<uint64_t>(exchange.eager_bytes(), 1000), &messages));
  std::reverse(messages.begin(), messages.end());
  for (size_t i = 0; i < messages.size(); ++i) {
    exchange.PostRecv(messages[i]);
    // One at a time while it matters, together for the rest.
    if (i >= 20) continue;
    CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntil([&] { return exchange.recv_side(messages[i]) == Side::kDone; },
                                                  "a message that was held back, whose receive is posted now"));
  }
  return exchange.RunUntilFinished();
}

absl::Status AFloodFromOnePeerDoesNotHoldBackAnother(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  std::vector<size_t> messages;
  CONFORMANCE_RETURN_IF_ERROR(Flood(exchange, exchange.eager_bytes(), &messages));
  for (uint64_t i = 0; i < 50; ++i) {
    const size_t small = exchange.AddNext({.from = 2, .to = 1, .bytes = exchange.eager_bytes()});
    exchange.PostSend(small);
    CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntil([&] { return exchange.send_side(small) == Side::kDone; },
                                                  "a small send of another peer to be done without its receive"));
    exchange.PostRecv(small);
    const size_t back = exchange.AddNext({.from = 1, .to = 0, .bytes = 3 * exchange.eager_bytes()});
    exchange.PostBoth(back);
    CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntil([&] { return exchange.Finished(small) && exchange.Finished(back); },
                                                  "messages of other directions during a flood"));
  }
  return absl::OkStatus();
}

absl::Status LargeMessagesWaitForTheirReceives(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  std::vector<size_t> messages;
  for (uint64_t bytes : {exchange.eager_bytes() + 1, uint64_t{1} << 20}) {
    for (int i = 0; i < 5; ++i) {
      messages.push_back(exchange.AddNext({.bytes = std::max(bytes, exchange.eager_bytes() + 1)}));
      exchange.PostSend(messages.back());
    }
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.Linger());
  for (size_t message : messages) {
    CONFORMANCE_RETURN_IF_ERROR(Require(exchange.send_side(message) == Side::kPosted,
                                        "a send of more than eager_bytes is done before its receive was posted"));
  }
  for (size_t message : messages) exchange.PostRecv(message);
  return exchange.RunUntilFinished();
}

absl::Status ThousandsOfEmptyMessagesMayComeFirst(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  std::vector<size_t> messages;
  for (uint64_t i = 0; i < 20'000; ++i) {
    messages.push_back(exchange.AddNext({.bytes = i % 100 == 0 ? uint64_t{8} : uint64_t{0}}));
  }
  exchange.PostSends(messages);
  CONFORMANCE_RETURN_IF_ERROR(exchange.Linger());
  std::reverse(messages.begin(), messages.end());
  exchange.PostRecvs(messages);
  return exchange.RunUntilFinished();
}

}  // namespace

std::vector<NamedCheck> BoundedMemoryChecks() {
  return {
      {"AFloodingSenderIsHeldBack", 5, 2, AFloodingSenderIsHeldBack},
      {"AHeldBackMessageComesWhenItsReceiveIsPosted", 5, 2, AHeldBackMessageComesWhenItsReceiveIsPosted},
      {"AFloodFromOnePeerDoesNotHoldBackAnother", 5, 3, AFloodFromOnePeerDoesNotHoldBackAnother},
      {"LargeMessagesWaitForTheirReceives", 5, 2, LargeMessagesWaitForTheirReceives},
      {"ThousandsOfEmptyMessagesMayComeFirst", 5, 2, ThousandsOfEmptyMessagesMayComeFirst},
  };
}

}  // namespace tutti::conformance
