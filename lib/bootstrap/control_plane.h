// SPDX-License-Identifier: Apache-2.0
// The control plane: how the ranks of a job find each other, look each other up, and tell each other of failures. It is
// apart from the data path: nothing here is called in a steady state, everything may block up to a deadline.
//
// Each rank holds one authenticated connection to a small service in rank 0's process. A thread of its own ("watcher")
// sleeps on it, so a failure is heard while the application computes, and while nobody waits in tutti.
#ifndef TUTTI_LIB_BOOTSTRAP_CONTROL_PLANE_H_
#define TUTTI_LIB_BOOTSTRAP_CONTROL_PLANE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tutti {

// What a rank tells the others about itself.
struct PeerCard {
  int rank = -1;
  std::string host;     // name, for people
  std::string host_id;  // equal exactly for ranks that can share memory
  int64_t pid = 0;
  std::string address;        // the transport's, opaque here
  std::string locality = "";  // the groups of hosts that hold its host; see locality.h
  std::string part = "";      // which part of its host it is in; likewise
};

// Where all ranks of a job are. A group is named by its lowest rank.
struct Places {
  std::vector<int> hosts;                    // by rank the host: those with its host_id
  std::vector<std::vector<int>> wider;       // groups of hosts, likewise, level by level, finest first
  std::vector<std::vector<int>> finer = {};  // parts of hosts, likewise
};

enum class FailureKind : uint8_t {
  kPeerDied = 0,  // the culprit's process ended without leaving, or its host is gone
  kPeerLeft = 1,  // the culprit left the job in good order; a failure only for those who still wait for it
  kTimeout = 2,
  kMismatch = 3,
  kAborted = 4,
  kTransport = 5,  // the path between the reporter and the culprit is lost
  kCodec = 6,      // a codec could not encode or decode at the reporter
};

struct FailureReport {
  FailureKind kind = FailureKind::kPeerDied;
  int reporter = -1;     // job rank that says so
  int culprit = -1;      // job rank, -1 if nobody is named
  uint32_t channel = 0;  // the communicator that failed; kPeerDied, kPeerLeft: all that the culprit is in
  std::string sentence;
};

// What a rank is doing on a channel, for the diagnosis of a deadline.
struct Activity {
  int rank = -1;
  bool answered = false;    // false: the process did not answer in time (stopped, hung host, dead)
  uint64_t entered = 0;     // operations started on this channel so far
  uint64_t completed = 0;   // operations finished on this channel so far
  uint64_t signature = 0;   // what the rank called as the operation asked about; 0: not entered yet, or forgotten
  std::string description;  // "all_reduce 17 waits for rank 3: step 4 ...", "" when idle
};

class ControlPlaneListener {
 public:
  virtual ~ControlPlaneListener() = default;
  // Both on the watcher thread; must not block and must not call the control plane, except Report.
  virtual void OnFailure(const FailureReport& report) = 0;
  // `sequence`: the operation on the channel that the asker is interested in.
  virtual Activity OnActivityQuestion(uint32_t channel, uint64_t sequence) = 0;
  // The service's clock showed service_ns at some moment between asked_ns and heard_ns by this rank's (RawClock).
  virtual void OnServiceClock(int64_t asked_ns, int64_t service_ns, int64_t heard_ns) {}
};

// All functions may be called from any thread.
class ControlPlane {
 public:
  virtual ~ControlPlane() = default;  // leaves, if Leave was not called

  virtual int rank() const = 0;
  virtual int size() const = 0;

  // Cards of the given ranks, in their order, from a cache where known. Waits for at most the job's timeout.
  virtual absl::StatusOr<std::vector<PeerCard>> Lookup(absl::Span<const int> ranks) = 0;

  // Once all have joined.
  virtual absl::StatusOr<Places> WhereAllAre() = 0;

  // Adds to a job-wide counter and returns its value before. Starts at 0.
  virtual absl::StatusOr<uint64_t> FetchAdd(absl::string_view key, uint64_t delta) = 0;

  // Tells all other ranks. Does not block; best effort (the caller fails on its own anyway). The first report of a
  // channel wins: later ones for the same channel are not passed on.
  virtual void Report(const FailureReport& report) = 0;

  // Asks ranks what they do on a channel, and what they called as its operation `sequence`; returns after timeout_ns at
  // the latest, with answered == false for the silent.
  virtual std::vector<Activity> AskActivity(uint32_t channel, uint64_t sequence, absl::Span<const int> ranks,
                                            int64_t timeout_ns) = 0;

  // From now on the service's clock is asked for now and then, and the listener hears of it. Once all ranks have joined.
  virtual void FollowServiceClock() = 0;

  // Says goodbye and stops the watcher: no listener call after it returns. Waits for nobody.
  virtual void Leave() = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_CONTROL_PLANE_H_
