// SPDX-License-Identifier: Apache-2.0
// Promise 4: a match whose signatures or lengths differ.
#include "checks.h"
#include "exchange.h"

namespace tutti::conformance {
namespace {

// One mismatch, in each order of posting, into a buffer and by view; traffic that matches goes on after it.
absl::Status Refused(Exchange& exchange, uint64_t send_bytes, uint64_t recv_bytes, uint64_t recv_signature) {
  for (bool send_first : {false, true}) {
    for (bool by_view : {false, true}) {
      const size_t message = exchange.AddNext({.bytes = send_bytes,
                                               .by_view = by_view,
                                               .signature = 7,
                                               .mismatch = true,
                                               .recv_bytes = recv_bytes,
                                               .recv_signature = recv_signature});
      if (send_first) exchange.PostSend(message);
      if (!send_first) exchange.PostRecv(message);
      for (int i = 0; i < 10; ++i) {
        CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
        exchange.fixture().Step();
      }
      if (send_first) exchange.PostRecv(message);
      if (!send_first) exchange.PostSend(message);
      // The send ends too (promise 6), though it says nothing of the mismatch.
      CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
      exchange.PostBoth(exchange.AddNext({.bytes = send_bytes}));
      exchange.PostBoth(exchange.AddNext({.from = 1, .to = 0, .bytes = recv_bytes}));
      CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
    }
  }
  return absl::OkStatus();
}

absl::Status DifferentSignaturesAreRefused(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  for (uint64_t bytes : {uint64_t{0}, uint64_t{100}, exchange.eager_bytes(), exchange.eager_bytes() + 1}) {
    CONFORMANCE_RETURN_IF_ERROR(Refused(exchange, bytes, bytes, 8));
    // In the upper half only.
    CONFORMANCE_RETURN_IF_ERROR(Refused(exchange, bytes, bytes, 7 | uint64_t{1} << 60));
  }
  return exchange.Linger();
}

absl::Status DifferentLengthsAreRefused(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  const uint64_t eager = exchange.eager_bytes();
  const uint64_t lengths[] = {0, 100, eager, eager + 1, 3 * eager + 200};
  for (uint64_t send_bytes : lengths) {
    for (uint64_t recv_bytes : lengths) {
      if (send_bytes != recv_bytes) CONFORMANCE_RETURN_IF_ERROR(Refused(exchange, send_bytes, recv_bytes, 7));
    }
  }
  return exchange.Linger();
}

absl::Status MismatchesDoNotUseUpTheBudget(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  const uint64_t bytes = exchange.eager_bytes();
  const uint64_t rounds = 2 * fixture.max_unreceived_bytes() / (bytes + 1) / 16 + 16;
  for (uint64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < 16; ++i) {
      const size_t message =
          exchange.AddNext({.bytes = bytes, .mismatch = true, .recv_bytes = bytes, .recv_signature = 8});
      exchange.PostSend(message);
      exchange.PostRecv(message);
    }
    CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
    if (round >= 64) break;
  }
  // Small messages are still sent without waiting for their receives.
  const size_t message = exchange.AddNext({.bytes = bytes});
  exchange.PostSend(message);
  return exchange.RunUntil([&] { return exchange.send_side(message) == Side::kDone; },
                           "a small send to be done without its receive, after many mismatches");
}

}  // namespace

std::vector<NamedCheck> MismatchChecks() {
  return {
      {"DifferentSignaturesAreRefused", 4, 2, DifferentSignaturesAreRefused},
      {"DifferentLengthsAreRefused", 4, 2, DifferentLengthsAreRefused},
      {"MismatchesDoNotUseUpTheBudget", 4, 2, MismatchesDoNotUseUpTheBudget},
  };
}

}  // namespace tutti::conformance
