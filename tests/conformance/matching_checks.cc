// SPDX-License-Identifier: Apache-2.0
// Promise 1: which send meets which receive.
#include <algorithm>
#include <numeric>

#include "checks.h"
#include "exchange.h"

namespace tutti::conformance {
namespace {

void Shuffle(std::vector<size_t>& numbers, Prng& prng) {
  for (size_t i = numbers.size(); i > 1; --i) std::swap(numbers[i - 1], numbers[prng.Below(i)]);
}

// The other side comes when the first one has had all the time it can use.
absl::Status EitherSideMayBePostedFirst(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  for (uint64_t bytes : {uint64_t{0}, uint64_t{8}, exchange.eager_bytes(), exchange.eager_bytes() + 1}) {
    for (bool by_view : {false, true}) {
      for (bool send_first : {false, true}) {
        const size_t message = exchange.AddNext({.bytes = bytes, .by_view = by_view});
        if (send_first) {
          exchange.PostSend(message);
        } else {
          exchange.PostRecv(message);
        }
        for (int i = 0; i < 20; ++i) {
          CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
          fixture.Step();
        }
        if (send_first) {
          exchange.PostRecv(message);
        } else {
          exchange.PostSend(message);
        }
        CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
      }
    }
  }
  return exchange.Linger();
}

absl::Status MessagesMatchInAnyOrder(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  constexpr size_t kMessages = 400;
  Prng& prng = exchange.prng();
  std::vector<size_t> order[2];
  for (size_t i = 0; i < kMessages; ++i) {
    const uint64_t limit = prng.Chance(0.1) ? 4 * exchange.eager_bytes() + 4 : 300;
    const auto from = static_cast<int32_t>(prng.Below(2));
    const size_t message =
        exchange.AddNext({.from = from, .to = 1 - from, .bytes = prng.Below(limit), .by_view = prng.Chance(0.5)});
    order[0].push_back(message);
    order[1].push_back(message);
  }
  Shuffle(order[0], prng);
  Shuffle(order[1], prng);
  size_t next[2] = {0, 0};
  while (next[0] < kMessages || next[1] < kMessages) {
    const auto recv = static_cast<size_t>(prng.Below(2));
    if (next[recv] == kMessages) continue;
    const size_t message = order[recv][next[recv]++];
    if (recv == 1) {
      exchange.PostRecv(message);
    } else {
      exchange.PostSend(message);
    }
    if (prng.Chance(0.3)) CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
    if (prng.Chance(0.1)) fixture.Step();
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
  return exchange.Linger();
}

// Ids that differ in one field only, the same id in both directions, and the same id from two peers.
absl::Status EveryFieldOfAnIdCounts(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  const MessageId ids[] = {{0, 0, 0},
                           {1, 0, 0},
                           {0, 1, 0},
                           {0, 0, 1},
                           {1, 1, 1},
                           {0x80000000, 0, 0},
                           {0, 0x80000000, 0},
                           {0, 0, uint64_t{1} << 63},
                           {0, 0, uint64_t{1} << 32},
                           {0xffffffff, 0xffffffff, 0xffffffffffffffff}};
  const std::pair<int32_t, int32_t> directions[] = {{0, 1}, {1, 0}, {0, 2}, {2, 0}, {1, 2}, {2, 1}};
  for (uint64_t base_bytes : {uint64_t{40}, exchange.eager_bytes() + 1}) {
    std::vector<size_t> messages;
    for (MessageId id : ids) {
      // A second set of ids, far from the first.
      if (base_bytes != 40) id.sequence ^= 0x5555000000;
      for (const auto& [from, to] : directions) {
        messages.push_back(exchange.Add({.from = from, .to = to, .id = id, .bytes = base_bytes}));
      }
    }
    std::vector<size_t> sends = messages;
    Shuffle(sends, exchange.prng());
    for (size_t message : sends) exchange.PostSend(message);
    for (int i = 0; i < 20; ++i) {
      CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
      fixture.Step();
    }
    Shuffle(messages, exchange.prng());
    for (size_t message : messages) exchange.PostRecv(message);
    CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
  }
  return exchange.Linger();
}

absl::Status ABatchIsAsGoodAsSinglePosts(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  std::vector<size_t> messages;
  for (uint32_t i = 0; i < 200; ++i) {
    messages.push_back(exchange.AddNext({.from = 0, .to = 1 + static_cast<int32_t>(i % 2), .bytes = i}));
  }
  exchange.PostSends(messages);
  for (int32_t rank : {1, 2}) {
    std::vector<size_t> mine;
    for (size_t i = rank == 1 ? 0 : 1; i < messages.size(); i += 2) mine.push_back(messages[i]);
    std::reverse(mine.begin(), mine.end());
    exchange.PostRecvs(mine);
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
  return exchange.Linger();
}

// Small and large ones are shown until their receives are posted, and not afterwards.
absl::Status EarlyMessagesAreShown(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  for (uint64_t bytes : {uint64_t{0}, uint64_t{8}, exchange.eager_bytes() + 1}) {
    const auto shown = [&] {
      std::vector<EarlyMessage> early;
      fixture.endpoint(1).VisitEarly([&early](const EarlyMessage& message) { early.push_back(message); });
      return early;
    };
    const MessageId id{.channel = 4, .index = 2, .sequence = 1000 + bytes};
    const size_t message = exchange.Add({.from = 0, .to = 1, .id = id, .bytes = bytes});
    CONFORMANCE_RETURN_IF_ERROR(Require(shown().empty(), "a message was shown that was never sent"));
    exchange.PostSend(message);
    CONFORMANCE_RETURN_IF_ERROR(
        exchange.RunUntil([&] { return shown().size() == 1; }, "the early message to be shown"));
    const EarlyMessage early = shown().front();
    CONFORMANCE_RETURN_IF_ERROR(
        Require(early.peer == 0 && early.id == id && early.bytes == bytes && early.signature == 7,
                "an early message was shown with another peer, id, length or signature"));
    exchange.PostRecv(message);
    CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
    CONFORMANCE_RETURN_IF_ERROR(Require(shown().empty(), "a received message is still shown as early"));
  }
  return exchange.Linger();
}

}  // namespace

std::vector<NamedCheck> MatchingChecks() {
  return {
      {"EitherSideMayBePostedFirst", 1, 2, EitherSideMayBePostedFirst},
      {"MessagesMatchInAnyOrder", 1, 2, MessagesMatchInAnyOrder},
      {"EveryFieldOfAnIdCounts", 1, 3, EveryFieldOfAnIdCounts},
      {"ABatchIsAsGoodAsSinglePosts", 1, 3, ABatchIsAsGoodAsSinglePosts},
      {"EarlyMessagesAreShown", 0, 2, EarlyMessagesAreShown},
  };
}

}  // namespace tutti::conformance
