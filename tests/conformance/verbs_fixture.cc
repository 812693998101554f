// SPDX-License-Identifier: Apache-2.0
#include "verbs_fixture.h"

#include <poll.h>

#include <iostream>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "transports/tcp/tcp_transport.h"
#include "transports/verbs/verbs_transport.h"

namespace tutti::conformance {
namespace {

class VerbsFixture final : public ConformanceFixture {
 public:
  VerbsFixture(std::vector<std::unique_ptr<verbs::VerbsTransport>> endpoints, const verbs::VerbsOptions& options)
      : endpoints_(std::move(endpoints)), options_(options) {}

  int32_t size() const override { return static_cast<int32_t>(endpoints_.size()); }
  Transport& endpoint(int32_t rank) override { return *endpoints_[static_cast<size_t>(rank)]; }

  // Sleeps until one of the endpoints has something to do, as the engine does, or for a millisecond.
  bool Step() override {
    for (auto& endpoint : endpoints_) {
      if (endpoint != nullptr && !endpoint->PrepareToSleep()) return true;
    }
    waits_.clear();
    for (auto& endpoint : endpoints_) {
      if (endpoint != nullptr) waits_.push_back({endpoint->wait_fd(), POLLIN, 0});
    }
    ::poll(waits_.data(), waits_.size(), /*timeout_ms=*/1);
    return true;
  }

  // The kernel destroys a dead process's queue pairs and closes its sockets just as the destructor does.
  bool Kill(int32_t rank) override {
    Leave(rank);
    return true;
  }

  void Leave(int32_t rank) override { endpoints_[static_cast<size_t>(rank)].reset(); }

  // What the receiver keeps, and frames that lie in its slots.
  uint64_t max_unreceived_bytes() const override {
    return options_.unexpected_bytes_per_peer + options_.slots_per_peer * options_.eager_bytes;
  }

 private:
  std::vector<std::unique_ptr<verbs::VerbsTransport>> endpoints_;
  const verbs::VerbsOptions options_;
  std::vector<pollfd> waits_;
};

}  // namespace

std::unique_ptr<ConformanceFixture> MakeVerbsFixture(int32_t size, verbs::VerbsOptions options) {
  tcp::TcpOptions control;
  control.size = options.size = size;
  control.bind_address = "127.0.0.1";
  control.secret = "the secret of a test";
  control.connect_timeout_ns = 2 * kNsPerSecond;
  // Emulated devices acknowledge late when the host is busy.
  options.port.ack_timeout = 18;
  std::vector<std::unique_ptr<verbs::VerbsTransport>> endpoints;
  for (int32_t rank = 0; rank < size; ++rank) {
    control.rank = options.rank = rank;
    auto connections = tcp::TcpTransport::Create(control);
    if (!connections.ok()) {
      std::cerr << "no control endpoint: " << connections.status() << "\n";
      return nullptr;
    }
    auto endpoint = verbs::VerbsTransport::Create(options, *std::move(connections));
    if (!endpoint.ok()) {
      std::cerr << "no verbs endpoint: " << endpoint.status() << "\n";
      return nullptr;
    }
    endpoints.push_back(*std::move(endpoint));
  }
  return std::make_unique<VerbsFixture>(std::move(endpoints), options);
}

}  // namespace tutti::conformance
