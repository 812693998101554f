// SPDX-License-Identifier: Apache-2.0
#include "sim_fixture.h"

#include <utility>

#include "transports/sim/network.h"

namespace tutti::conformance {
namespace {

class SimFixture final : public ConformanceFixture {
 public:
  explicit SimFixture(const sim::NetworkOptions& options) : network_(options) {}

  int32_t size() const override { return network_.size(); }
  Transport& endpoint(int32_t rank) override { return network_.endpoint(rank); }
  bool Step() override { return network_.AdvanceToNextEvent(); }
  bool Kill(int32_t rank) override {
    network_.Crash(rank);
    return true;
  }
  void Leave(int32_t rank) override { network_.TakeEndpoint(rank).reset(); }
  uint64_t max_unreceived_bytes() const override { return network_.options().unexpected_bytes; }

 private:
  sim::Network network_;
};

}  // namespace

std::unique_ptr<ConformanceFixture> MakeSimFixture(int32_t size, sim::NetworkOptions options) {
  options.size = size;
  return std::make_unique<SimFixture>(options);
}

}  // namespace tutti::conformance
