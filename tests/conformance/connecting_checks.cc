// SPDX-License-Identifier: Apache-2.0
// Addresses, connecting, and what an endpoint says of itself.
#include <string>

#include "absl/strings/str_cat.h"

#include "checks.h"
#include "exchange.h"

namespace tutti::conformance {
namespace {

absl::Status CapabilitiesMakeSense(ConformanceFixture& fixture) {
  const TransportCapabilities& capabilities = fixture.endpoint(0).capabilities();
  CONFORMANCE_RETURN_IF_ERROR(Require(capabilities.name[0] != '\0', "the transport has no name"));
  CONFORMANCE_RETURN_IF_ERROR(Require(capabilities.max_message_bytes >= capabilities.eager_bytes,
                                      "max_message_bytes is less than eager_bytes"));
  return Require(capabilities.max_message_bytes >= (uint64_t{1} << 20), "max_message_bytes is less than 1 MiB");
}

absl::Status AddressesAreShortAndChecked(ConformanceFixture& fixture) {
  const std::string address = fixture.endpoint(1).Address();
  CONFORMANCE_RETURN_IF_ERROR(Require(!address.empty() && address.size() <= 512,
                                      absl::StrCat("an address of ", address.size(), " bytes, not 1 .. 512")));
  for (const std::string& wrong :
       {std::string(), std::string("x"), std::string(600, '\xff'), address.substr(0, address.size() - 1)}) {
    CONFORMANCE_RETURN_IF_ERROR(
        Require(!fixture.endpoint(0).Connect(1, wrong).ok(),
                absl::StrCat("an impossible address of ", wrong.size(), " bytes was accepted")));
  }
  CONFORMANCE_RETURN_IF_ERROR(
      Require(fixture.endpoint(0).PeerError(1).empty(), "a peer that did not fail has an error"));

  // A refused address leaves the peer as it was.
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
  const size_t message = exchange.AddNext({.bytes = 100});
  exchange.PostBoth(message);
  return exchange.RunUntilFinished();
}

absl::Status ASecondConnectDoesNothing(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  for (int round = 0; round < 3; ++round) {
    CONFORMANCE_RETURN_IF_ERROR(exchange.ConnectAll());
    for (uint64_t bytes : {uint64_t{8}, exchange.eager_bytes() + 1}) {
      exchange.PostBoth(exchange.AddNext({.from = 0, .to = 1, .bytes = bytes}));
      exchange.PostBoth(exchange.AddNext({.from = 1, .to = 0, .bytes = bytes}));
    }
    CONFORMANCE_RETURN_IF_ERROR(exchange.RunUntilFinished());
  }
  return exchange.Linger();
}

// Sends and receives posted at one end long before the other end connects.
absl::Status RequestsAreHeldUntilTheConnectionStands(ConformanceFixture& fixture) {
  Exchange exchange(fixture);
  CONFORMANCE_RETURN_IF_ERROR(exchange.Connect(0, 1));
  std::vector<size_t> messages;
  for (uint64_t bytes : {uint64_t{0}, uint64_t{8}, exchange.eager_bytes() + 1}) {
    const size_t there = exchange.AddNext({.from = 0, .to = 1, .bytes = bytes});
    const size_t back = exchange.AddNext({.from = 1, .to = 0, .bytes = bytes});
    exchange.PostSend(there);
    exchange.PostRecv(back);
    messages.push_back(there);
    messages.push_back(back);
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.Linger());
  for (size_t message : messages) {
    CONFORMANCE_RETURN_IF_ERROR(
        Require(exchange.recv_side(message) != Side::kDone, "a receive completed before its sender had connected"));
  }
  CONFORMANCE_RETURN_IF_ERROR(exchange.Connect(1, 0));
  for (size_t i = 0; i < messages.size(); ++i) {
    if (i % 2 == 0) {
      exchange.PostRecv(messages[i]);
    } else {
      exchange.PostSend(messages[i]);
    }
  }
  return exchange.RunUntilFinished();
}

}  // namespace

std::vector<NamedCheck> ConnectingChecks() {
  return {
      {"CapabilitiesMakeSense", 0, 1, CapabilitiesMakeSense},
      {"AddressesAreShortAndChecked", 0, 2, AddressesAreShortAndChecked},
      {"ASecondConnectDoesNothing", 0, 2, ASecondConnectDoesNothing},
      {"RequestsAreHeldUntilTheConnectionStands", 0, 2, RequestsAreHeldUntilTheConnectionStands},
  };
}

}  // namespace tutti::conformance
