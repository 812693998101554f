// SPDX-License-Identifier: Apache-2.0
// Everything at once, at random, from a fixed seed: any length, any order, any direction, buffers and views, one by
// one, with a window of messages in flight.
#include <algorithm>

#include "checks.h"
#include "exchange.h"

namespace tutti::conformance {
namespace {

constexpr size_t kMessages = 3000;
constexpr size_t kWindow = 200;

uint64_t DrawLength(Exchange& exchange) {
  Prng& prng = exchange.prng();
  const uint64_t eager = exchange.eager_bytes();
  switch (prng.Below(10)) {
    case 0:
      return 0;
    case 1:
    case 2:
      return eager - std::min<uint64_t>(eager, prng.Below(3)) + prng.Below(3);
    case 3:
      return prng.Below(4 * eager + 1);
    case 4:
      return prng.Below(100) == 0 ? prng.Below(2'000'000) : prng.Below(50'000);
    default:
      return prng.Below(600);
  }
}

// Takes a random element out.
size_t TakeAny(std::vector<size_t>& from, Prng& prng) {
  std::swap(from[prng.Below(from.size())], from.back());
  const size_t taken = from.back();
  from.pop_back();
  return taken;
}

absl::Status Soak(ConformanceFixture& fixture) {
  Exchange exchange(fixture, /*seed=*/static_cast<uint64_t>(fixture.size()));
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  Prng& prng = exchange.prng();
  const auto size = static_cast<uint64_t>(fixture.size());
  std::vector<size_t> unsent;
  std::vector<size_t> unreceived;
  size_t added = 0;
  size_t first_unfinished = 0;
  while (added < kMessages || !unsent.empty() || !unreceived.empty()) {
    while (first_unfinished < added && exchange.Finished(first_unfinished) &&
           exchange.recv_side(first_unfinished) == Side::kDone) {
      ++first_unfinished;
    }
    if (added < kMessages && added - first_unfinished < kWindow) {
      const auto from = static_cast<int32_t>(prng.Below(size));
      const auto to = static_cast<int32_t>((static_cast<uint64_t>(from) + 1 + prng.Below(size - 1)) % size);
      MessageSpec spec{.from = from, .to = to, .bytes = DrawLength(exchange), .by_view = prng.Chance(0.4)};
      spec.id.channel = static_cast<uint32_t>(prng.Below(4));
      spec.id.index = static_cast<uint32_t>(prng.Below(1000));
      spec.signature = prng.Next();
      const size_t message = exchange.AddNext(spec);
      ++added;
      unsent.push_back(message);
      unreceived.push_back(message);
    }
    if (!unsent.empty() && prng.Chance(0.6)) exchange.PostSend(TakeAny(unsent, prng));
    if (!unreceived.empty() && prng.Chance(0.6)) exchange.PostRecv(TakeAny(unreceived, prng));
    if (prng.Chance(0.4)) CONFORMANCE_RETURN_IF_ERROR(exchange.Pump());
    if (prng.Chance(0.3)) fixture.Step();
    // The window is full and nothing is left to post: wait for the oldest.
    if (unsent.empty() && unreceived.empty() && added - first_unfinished >= kWindow) {
      CONFORMANCE_RETURN_IF_ERROR(
          exchange.RunUntil([&] { return exchange.Finished(first_unfinished); }, "the oldest message of the soak"));
    }
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
  return exchange.Linger();
}

}  // namespace

std::vector<NamedCheck> SoakChecks() {
  return {
      {"RandomTrafficOfTwoArrives", 2, 2, Soak},
      {"RandomTrafficOfThreeArrives", 2, 3, Soak},
      {"RandomTrafficOfFiveArrives", 2, 5, Soak},
  };
}

}  // namespace tutti::conformance
