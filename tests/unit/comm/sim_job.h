// SPDX-License-Identifier: Apache-2.0
// A whole job in one thread: N communicators with their engines over the simulated network, in virtual time.
#ifndef TUTTI_TESTS_UNIT_COMM_SIM_JOB_H_
#define TUTTI_TESTS_UNIT_COMM_SIM_JOB_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "lib/bootstrap/in_process_control_plane.h"
#include "lib/comm/communicator.h"
#include "lib/comm/job.h"
#include "lib/comm/paths.h"
#include "transports/sim/network.h"

namespace tutti {

// Of a network without faults.
inline sim::NetworkOptions OptionsFor(int ranks) {
  sim::NetworkOptions options;
  options.size = ranks;
  return options;
}

class SimJob {
 public:
  // `hosts` and `wider`: as Job::Start takes them.
  explicit SimJob(const sim::NetworkOptions& options, int64_t timeout_ns = 300 * kNsPerSecond,
                  const std::vector<int>& hosts = {}, const std::vector<std::vector<int>>& wider = {})
      : network_(options), bus_(options.size) {
    for (int rank = 0; rank < options.size; ++rank) {
      JobOptions job_options;
      job_options.rank = rank;
      job_options.size = options.size;
      job_options.timeout_ns = timeout_ns;
      job_options.engine.wait = {.spin_ns = 0, .yield_ns = 0, .may_sleep = false};
      auto job = std::make_shared<Job>(job_options, network_.clock());
      bus_.SetListener(rank, job.get());
      std::vector<std::unique_ptr<Transport>> transports;
      transports.push_back(network_.TakeEndpoint(rank));
      const PeerCard card = {
          .rank = rank, .host = "sim", .host_id = "sim", .pid = 100 + rank, .address = EncodeAddresses(transports)};
      bus_.SetCard(card);
      absl::Status started = job->Start(bus_.NewPlane(rank), std::move(transports), card, {hosts, wider});
      EXPECT_TRUE(started.ok()) << started;
      std::vector<int32_t> members(static_cast<size_t>(options.size));
      std::iota(members.begin(), members.end(), 0);
      communicators_.push_back(std::make_unique<Communicator>(job, 0, std::move(members), rank));
    }
  }

  ~SimJob() {
    // What has left must arrive before endpoints go; nobody moves the virtual clock in a destructor.
    for (int i = 0; i < 10'000 && Step(); ++i) {
    }
  }

  int size() const { return network_.size(); }
  sim::Network& network() { return network_; }
  InProcessJob& bus() { return bus_; }
  Communicator& communicator(int rank) { return *communicators_[static_cast<size_t>(rank)]; }

  // One round of all ranks' engines; if none moved, time goes on. False: nothing will ever happen again.
  bool Step() {
    bool moved = false;
    for (int rank = 0; rank < size(); ++rank) {
      if (network_.Runs(rank)) moved |= communicator(rank).job().engine().Poll();
    }
    return moved || network_.AdvanceToNextEvent();
  }

  // Runs until `done`; false if nothing moved any more before that, for `patience_ns` of virtual time.
  bool RunUntil(const std::function<bool()>& done, int64_t patience_ns = 0) {
    const int64_t kStepNs = kNsPerMs;
    int64_t idle_ns = 0;
    while (!done()) {
      if (Step()) {
        idle_ns = 0;
        continue;
      }
      if (idle_ns >= patience_ns) return done();
      idle_ns += kStepNs;
      network_.AdvanceTo(network_.clock().now_ns() + kStepNs);
    }
    return true;
  }

  // Starts the call on every rank and runs until all are done, which they must be. Their outcomes, in order of rank.
  std::vector<Outcome> Run(const std::function<CollectiveCall(int rank)>& call_of) {
    std::vector<Operation*> operations;
    for (int rank = 0; rank < size(); ++rank) {
      absl::StatusOr<Operation*> operation = communicator(rank).Start(call_of(rank));
      EXPECT_TRUE(operation.ok()) << operation.status();
      if (operation.ok()) operations.push_back(*operation);
    }
    return Conclude(operations);
  }

  std::vector<Outcome> Conclude(const std::vector<Operation*>& operations, int64_t patience_ns = 0) {
    const bool done = RunUntil(
        [&] {
          for (const Operation* operation : operations) {
            if (!operation->done()) return false;
          }
          return true;
        },
        patience_ns);
    EXPECT_TRUE(done) << "the simulation has run dry, but not all operations are done:" << DescribeWaits(operations);
    std::vector<Outcome> outcomes;
    for (Operation* operation : operations) {
      outcomes.push_back(operation->outcome());
      if (operation->done()) operation->Release();
    }
    return outcomes;
  }

 private:
  std::string DescribeWaits(const std::vector<Operation*>& operations) {
    std::string text;
    for (const Operation* operation : operations) {
      if (operation->done()) continue;
      const auto& owner = *static_cast<const Communicator*>(operation->owner);
      const Engine::Waits waits = communicator(owner.rank()).job().engine().DescribeWaits(*operation, [](int32_t peer) {
        return absl::StrCat("rank ", peer);
      });
      absl::StrAppend(&text, "\nrank ", owner.rank(), ": ", owner.NameOf(*operation), ": ", waits.description);
    }
    return text;
  }

  sim::Network network_;
  InProcessJob bus_;
  std::vector<std::unique_ptr<Communicator>> communicators_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_COMM_SIM_JOB_H_
