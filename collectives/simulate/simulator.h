// SPDX-License-Identifier: Apache-2.0
// One run of a workload on a cluster: a discrete-event simulation, in picoseconds. The same workload, cluster, seed and trial
// give the same times on every machine.
//
// What is modelled: each rank has one processor, which does one thing at a time in the order in which they become possible
// (hosts with fewer cores than ranks share them); ports and links carry one message after the other, in the order in which
// messages leave their sender; a message passes through the links of its way at once, at the pace of the slowest; switches
// have room for all that waits. What is not: packets, routes, loss, fair sharing between messages on one link, memory
// bandwidth that ranks share but for what calibration finds of it (Uncached), and that one pass of the engine posts several messages.
#ifndef TUTTI_COLLECTIVES_SIMULATE_SIMULATOR_H_
#define TUTTI_COLLECTIVES_SIMULATE_SIMULATOR_H_

#include <cstdint>
#include <queue>
#include <vector>

#include "collectives/simulate/cluster.h"
#include "collectives/simulate/workload.h"
#include "lib/base/prng.h"

namespace tutti::simulate {

struct LinkLoad {
  int64_t busy_ps = 0;
  int64_t waited_ps = 0;  // of all messages together, until this link was free
  uint64_t bytes = 0;
  uint64_t messages = 0;
};

// Why a step began when it did.
enum class Cause : uint8_t { kCall, kStep, kMessage, kProcessor };

struct StepTrace {
  int64_t start_ps = 0;
  int64_t end_ps = 0;      // on the processor
  int64_t arrival_ps = 0;  // of a send's message at the receiver
  int64_t queued_ps = 0;   // of a send's message, for busy links and for the receiver to ask for it
  int64_t noise_ps = 0;
  uint32_t before = 0;  // the step that it waited for: kStep, kMessage (a send), kProcessor
  Cause cause = Cause::kCall;
};

struct Trace {
  std::vector<StepTrace> steps;
  std::vector<LinkLoad> links;  // by link of the cluster
};

class Simulator {
 public:
  // Both must outlive it. They have the same number of ranks.
  Simulator(const Workload& workload, const Cluster& cluster);

  // The time from 0, when ranks call unless they are late, until the last one has ended; by_rank (may be nullptr) gets each
  // one's end. `trace`, if given, gets what happened.
  int64_t Run(uint64_t seed, uint64_t trial, Trace* trace = nullptr, std::vector<int64_t>* by_rank = nullptr);

 private:
  // In order of time; at one time in the order of steps, so that nothing depends on the order in which events were made.
  enum class What : uint8_t { kBegin, kInject, kTransfer };
  struct Event {
    int64_t time_ps;
    uint64_t key;  // step, what
    bool operator>(const Event& other) const {
      return time_ps != other.time_ps ? time_ps > other.time_ps : key > other.key;
    }
  };
  struct StepState {
    int64_t ready_ps = 0;      // when its dependencies were done
    int64_t message_ps = 0;    // receive: when its message was there; send: when it asked for its transfer
    uint32_t left = 0;         // dependencies
    bool has_message = false;  // message_ps is known
    uint32_t before = 0;
    Cause cause = Cause::kCall;
  };

  void Start(uint64_t seed, uint64_t trial);
  void Push(int64_t time_ps, uint32_t step, What what);
  void OnReady(uint32_t step);
  void Begin(uint32_t step, int64_t now_ps);
  void Inject(uint32_t step, int64_t now_ps);
  void Transfer(uint32_t step, int64_t now_ps);
  void Finish(uint32_t step, int64_t end_ps);
  int64_t WorkPs(const WorkStep& step) const;
  int64_t PassLink(uint32_t link, int64_t from_ps, int64_t gap_ps, uint64_t bytes, int64_t* begin_ps);
  bool NeedsAsking(const WorkStep& step, PathClass path) const;
  void Occupy(uint32_t step, int64_t now_ps, int64_t work_ps, int64_t noise_ps, int64_t* end_ps);

  const Workload& workload_;
  const Cluster& cluster_;
  const int cores_;  // that the ranks of a host share; 0: each has its own

  std::priority_queue<Event, std::vector<Event>, std::greater<Event>> events_;
  std::vector<StepState> steps_;
  std::vector<int64_t> rank_free_ps_;
  std::vector<uint32_t> rank_last_step_;
  std::vector<int64_t> rank_end_ps_;
  struct Core {
    int64_t free_ps = 0;
    int rank = -1;
    uint32_t last_step = 0;
  };
  std::vector<double> uncached_share_;  // by host
  std::vector<Core> cores_of_host_;     // cores_ for each
  std::vector<int64_t> link_free_ps_;
  std::vector<Prng> random_;  // by rank
  Trace* trace_ = nullptr;
};

}  // namespace tutti::simulate

#endif  // TUTTI_COLLECTIVES_SIMULATE_SIMULATOR_H_
