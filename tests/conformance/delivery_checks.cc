// SPDX-License-Identifier: Apache-2.0
// Promises 2, 3, 6 and 10: bytes, views, completions, stamps. What is wrong with a single one of them the Exchange finds; the
// checks see to it that it has something to look at.
#include "absl/strings/str_cat.h"

#include "checks.h"
#include "exchange.h"

namespace tutti::conformance {
namespace {

absl::Status EveryLength(ConformanceFixture& fixture, bool by_view, bool send_first) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  for (uint64_t bytes : InterestingLengths(fixture.endpoint(0).capabilities())) {
    for (int32_t from : {0, 1}) {
      const size_t message = exchange.AddNext({.from = from, .to = 1 - from, .bytes = bytes, .by_view = by_view});
      if (send_first) {
        exchange.PostSend(message);
        for (int i = 0; i < 5; ++i) {
          CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
          fixture.Step();
        }
        exchange.PostRecv(message);
      } else {
        exchange.PostBoth(message);
      }
    }
    CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
  }
  return exchange.Linger();
}

absl::Status EveryLengthArrivesInItsBuffer(ConformanceFixture& fixture) { return EveryLength(fixture, false, false); }
absl::Status EveryEarlyLengthArrivesInItsBuffer(ConformanceFixture& fixture) {
  return EveryLength(fixture, false, true);
}
absl::Status EveryLengthIsShownByView(ConformanceFixture& fixture) { return EveryLength(fixture, true, false); }
absl::Status EveryEarlyLengthIsShownByView(ConformanceFixture& fixture) { return EveryLength(fixture, true, true); }

// Whichever way a message goes: at once, kept for its receive, or asked for.
absl::Status EveryMessageBringsItsStamp(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  const uint64_t eager = exchange.eager_bytes();
  for (uint64_t bytes : {uint64_t{0}, uint64_t{8}, uint64_t{9}, uint64_t{300}, eager, eager + 1, 3 * eager + 70'000}) {
    for (bool by_view : {false, true}) {
      const size_t asked_for = exchange.AddNext({.bytes = bytes, .by_view = by_view});
      exchange.PostRecv(asked_for);
      const size_t early = exchange.AddNext({.bytes = bytes, .by_view = by_view});
      exchange.PostSend(early);
      for (int i = 0; i < 5; ++i) {
        CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
        fixture.Step();
      }
      exchange.PostRecv(early);
      exchange.PostSend(asked_for);
    }
  }
  return exchange.RunUntilFinished();  // the Exchange looks at each stamp
}

// Several large messages at once, by view and into buffers, both ways.
absl::Status LargeMessagesShareAPath(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  for (uint64_t i = 0; i < 12; ++i) {
    const auto from = static_cast<int32_t>(i % 2);
    exchange.PostBoth(exchange.AddNext(
        {.from = from, .to = 1 - from, .bytes = exchange.eager_bytes() + 100'000 * i + i, .by_view = i % 3 == 0}));
    exchange.PostBoth(exchange.AddNext({.from = from, .to = 1 - from, .bytes = i, .by_view = i % 3 == 1}));
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
  return exchange.Linger();
}

// Views that do not fit into one Poll must not be lost, nor those of the next message come between them.
absl::Status APollWithRoomForOneGivesOne(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  exchange.set_poll_length(1);
  for (uint64_t i = 0; i < 60; ++i) {
    const uint64_t bytes = i % 10 == 0 ? exchange.eager_bytes() + 50'000 : 64 * i + i;
    exchange.PostBoth(exchange.AddNext({.bytes = bytes, .by_view = i % 2 == 0}));
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
  return exchange.Linger();
}

absl::Status EveryRequestCompletesOnce(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  for (uint64_t i = 0; i < 300; ++i) {
    const auto from = static_cast<int32_t>(i % 3);
    const auto to = static_cast<int32_t>((i + 1 + i / 3 % 2) % 3);
    const uint64_t bytes = i % 20 == 0 ? exchange.eager_bytes() + i : i;
    exchange.PostBoth(exchange.AddNext({.from = from, .to = to, .bytes = bytes, .by_view = i % 4 == 0}));
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
  // The Exchange complains of whatever still comes now.
  return exchange.Linger();
}

// A send that is done for the caller may still have bytes to hand over; they need only Polls.
absl::Status WhatLeftBeforeItsSender(ConformanceFixture& fixture, bool large) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  exchange.PostBoth(exchange.AddNext({.from = 1, .to = 0, .bytes = 8}));
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
  std::vector<size_t> messages;
  for (uint64_t i = 0; i < 30; ++i) {
    messages.push_back(exchange.AddNext({.bytes = large ? exchange.eager_bytes() + 3000 * i + 1 : 10 * i}));
    exchange.PostBoth(messages.back());
  }
  const auto sent = [&] {
    for (size_t message : messages) {
      if (exchange.send_side(message) != Side::kDone) return false;
    }
    return !fixture.endpoint(0).HasUnsentBytes();
  };
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntil(sent, "all sends to be done and HasUnsentBytes to be false"));
  exchange.AllowFailure(1, 0);
  exchange.Leave(0);
  return exchange.RunUntil(
      [&] {
        for (size_t message : messages) {
          if (exchange.recv_side(message) != Side::kDone) return false;
        }
        return true;
      },
      "everything that a rank had sent before it left in order");
}

absl::Status SmallMessagesOutliveTheirSender(ConformanceFixture& fixture) {
  return WhatLeftBeforeItsSender(fixture, false);
}
absl::Status LargeMessagesOutliveTheirSender(ConformanceFixture& fixture) {
  return WhatLeftBeforeItsSender(fixture, true);
}

absl::Status CountersAddUp(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  uint64_t bytes_sent = 0;
  constexpr uint64_t kMessages = 30;
  for (uint64_t i = 0; i < kMessages; ++i) {
    const uint64_t bytes = i % 5 == 0 ? exchange.eager_bytes() + 10 * i : 10 * i;
    bytes_sent += bytes;
    exchange.PostBoth(exchange.AddNext({.bytes = bytes, .by_view = i % 2 == 0}));
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
  const TransportCounters& sender = fixture.endpoint(0).counters();
  const TransportCounters& receiver = fixture.endpoint(1).counters();
  CONFORMANCE_RETURN_IF_ERROR(
      Require(sender.messages_sent == kMessages && sender.payload_bytes_sent == bytes_sent,
              absl::StrCat("the sender counts ", sender.messages_sent, " messages of ", sender.payload_bytes_sent,
                           " bytes, not ", kMessages, " of ", bytes_sent)));
  return Require(receiver.messages_received == kMessages && receiver.payload_bytes_received == bytes_sent,
                 absl::StrCat("the receiver counts ", receiver.messages_received, " messages of ",
                              receiver.payload_bytes_received, " bytes, not ", kMessages, " of ", bytes_sent));
}

}  // namespace

std::vector<NamedCheck> DeliveryChecks() {
  return {
      {"EveryLengthArrivesInItsBuffer", 2, 2, EveryLengthArrivesInItsBuffer},
      {"EveryEarlyLengthArrivesInItsBuffer", 2, 2, EveryEarlyLengthArrivesInItsBuffer},
      {"EveryLengthIsShownByView", 3, 2, EveryLengthIsShownByView},
      {"EveryEarlyLengthIsShownByView", 3, 2, EveryEarlyLengthIsShownByView},
      {"EveryMessageBringsItsStamp", 10, 2, EveryMessageBringsItsStamp},
      {"LargeMessagesShareAPath", 2, 2, LargeMessagesShareAPath},
      {"APollWithRoomForOneGivesOne", 3, 2, APollWithRoomForOneGivesOne},
      {"EveryRequestCompletesOnce", 6, 3, EveryRequestCompletesOnce},
      {"SmallMessagesOutliveTheirSender", 0, 2, SmallMessagesOutliveTheirSender},
      {"LargeMessagesOutliveTheirSender", 0, 2, LargeMessagesOutliveTheirSender},
      {"CountersAddUp", 0, 2, CountersAddUp},
  };
}

}  // namespace tutti::conformance
