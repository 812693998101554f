// SPDX-License-Identifier: Apache-2.0
#include "shm_fixture.h"

#include <poll.h>

#include <iostream>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "transports/shm/shm_transport.h"

namespace tutti::conformance {
namespace {

class ShmFixture final : public ConformanceFixture {
 public:
  ShmFixture(std::vector<std::unique_ptr<shm::ShmTransport>> endpoints, const shm::ShmOptions& options)
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

  // The kernel closes a dead process's sockets just as the destructor does; the memory stays mapped in its peers.
  bool Kill(int32_t rank) override {
    Leave(rank);
    return true;
  }

  void Leave(int32_t rank) override { endpoints_[static_cast<size_t>(rank)].reset(); }

  uint64_t max_unreceived_bytes() const override { return options_.unexpected_bytes_per_peer; }

 private:
  std::vector<std::unique_ptr<shm::ShmTransport>> endpoints_;
  const shm::ShmOptions options_;
  std::vector<pollfd> waits_;
};

}  // namespace

std::unique_ptr<ConformanceFixture> MakeShmFixture(int32_t size, shm::ShmOptions options) {
  options.size = size;
  options.secret = "the secret of a test";
  options.connect_timeout_ns = 2 * kNsPerSecond;
  std::vector<std::unique_ptr<shm::ShmTransport>> endpoints;
  for (int32_t rank = 0; rank < size; ++rank) {
    options.rank = rank;
    auto endpoint = shm::ShmTransport::Create(options);
    if (!endpoint.ok()) {
      std::cerr << "no shm endpoint: " << endpoint.status() << "\n";
      return nullptr;
    }
    endpoints.push_back(*std::move(endpoint));
  }
  return std::make_unique<ShmFixture>(std::move(endpoints), options);
}

}  // namespace tutti::conformance
