// SPDX-License-Identifier: Apache-2.0
// A job as one rank sees it: the engine, the transports and the control plane that all its communicators share, and the place
// where failures arrive, from the engine (a path is lost, a deadline passed) and from the control plane (a process died,
// another rank gave up), and are turned into the end of the communicators they concern.
//
// THREADS. Listener calls come from the engine's driver and the control plane's watcher; the rest from any thread.
#ifndef TUTTI_LIB_COMM_JOB_H_
#define TUTTI_LIB_COMM_JOB_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"

#include "collectives/schedule/levels.h"
#include "collectives/select/select.h"
#include "lib/base/clock.h"
#include "lib/bootstrap/control_plane.h"
#include "lib/comm/channel_numbers.h"
#include "lib/comm/diagnostician.h"
#include "lib/engine/engine.h"
#include "lib/export/exporter.h"
#include "lib/recorder/flight_recorder.h"
#include "lib/telemetry/anchor_clock.h"
#include "lib/transport/transport.h"

namespace tutti {

class Communicator;
class MemoryRegistry;
struct MemoryRange;

struct JobOptions {
  int rank = 0;
  int size = 1;
  int64_t timeout_ns = 300 * kNsPerSecond;
  EngineOptions engine;
  bool telemetry = true;  // of communicators, from their beginning
  int64_t budget_ns = kForeverNs;
  bool progress_thread = false;
  int progress_core = -1;
  int progress_priority = 0;
  // How long a lost connection waits for the control plane to say what really happened, before it is itself the reason.
  int64_t verdict_grace_ns = 300 * kNsPerMs;
};

class Job final : public ControlPlaneListener, public EngineListener {
 public:
  Job(const JobOptions& options, Clock& clock);
  ~Job() override;

  // Takes its parts and begins to work. The control plane must have been made with this job as its listener. Between two
  // ranks the first transport in the list counts that both have. `card` is this rank's own.
  // `places`: as ControlPlane::WhereAllAre gives them; empty: nothing is known of hosts. The same on all ranks.
  // `recorder`: nullptr: no flight record is kept.
  absl::Status Start(std::unique_ptr<ControlPlane> control_plane, std::vector<std::unique_ptr<Transport>> transports,
                     const PeerCard& card, Places places = {}, std::unique_ptr<FlightRecorder> recorder = nullptr);

  // From now on what communicators made later measure is shown as `options` say. After Start. `tag`: the same on all ranks of
  // this run of the job, and on no other. Errors: what cannot be written, with the reason.
  absl::Status Export(const ExportOptions& options, const std::string& tag);

  // The users' wishes, the same on all ranks; the first of two that fit counts. Before the first communicator.
  void SetAlgorithms(AlgorithmOverrides wishes, AlgorithmOverrides table);
  // The same on all ranks. Before the first communicator.
  void SetCoresPerHost(int cores) { cores_per_host_ = cores; }
  // Whether on some host more of the members are than it has cores; false while nothing is known of hosts.
  bool IsCrowded(absl::Span<const int32_t> members) const;
  // nullptr: the library chooses. The table is of algorithms that send messages: it is silent where ranks share memory and the
  // library has something better for them.
  const Algorithm* WishFor(const Shape& shape, bool share_memory, bool crowded) const;

  // Leaves the job: hands over outgoing bytes (for at most flush_ns), says goodbye, stops all threads.
  void Shutdown(int64_t flush_ns);

  const JobOptions& options() const { return options_; }
  Clock& clock() { return clock_; }
  Engine& engine() { return *engine_; }
  ControlPlane& control_plane() { return *control_plane_; }
  ChannelNumbers& channel_numbers() { return channel_numbers_; }
  FlightRecorder* recorder() { return recorder_.get(); }  // nullptr: there is none
  // Who this process is, for whoever reads what it exports; without a job's tag until Export.
  RankIdentity Identity() const;
  // nullptr: nothing is exported.
  TelemetryExporter* exporter() { return exporter_.get(); }

  // Communicators are known by their channel from Register until Unregister returns; until then failures reach them.
  void Register(Communicator& communicator);
  void Unregister(Communicator& communicator);

  // Looks the peers up and remembers their cards. Control path; blocks for at most the job's timeout.
  absl::StatusOr<std::vector<PeerCard>> LookUp(absl::Span<const int32_t> job_ranks);

  // Which of a communicator's ranks share a host, a rack and so on, by rank; without what is of no use, because all do, or none,
  // or it is unknown.
  Levels LevelsOf(absl::Span<const int32_t> members) const;

  // What this rank's host is called, as a number; the same for all ranks of a host.
  uint64_t HostHash() const;

  // How this rank reaches the peer; see paths.h.
  absl::StatusOr<PeerConnection> PathTo(const PeerCard& peer) const;
  const char* TransportName(uint8_t transport) const { return transports_[transport]->capabilities().name; }
  // The windows of that transport, or nullptr if it has none.
  WindowSource* WindowsOf(uint8_t transport) { return transports_[transport]->windows(); }

  // Memory that an application registers with all transports that can keep it ready. See tutti/memory.h.
  using RegisteredMemory = std::vector<std::pair<MemoryRegistry*, uint64_t>>;
  absl::StatusOr<RegisteredMemory> RegisterMemory(const MemoryRange& range);
  void DeregisterMemory(const RegisteredMemory& memory);

  // "rank 3 (host nodeA, pid 4711)" as far as it is known here. Never blocks for long.
  std::string NameOf(int32_t job_rank) const;

  // Ends the communicator with that channel, if it is still there, and tells its other ranks.
  void FailAndReport(FailureKind kind, int32_t culprit, uint32_t channel, const std::string& sentence);

  // ControlPlaneListener, on the watcher.
  void OnFailure(const FailureReport& report) override;
  Activity OnActivityQuestion(uint32_t channel, uint64_t sequence) override;
  void OnServiceClock(int64_t asked_ns, int64_t service_ns, int64_t heard_ns) override;

  // EngineListener, on the driver.
  void OnPeerLost(int32_t peer, std::string why) override;
  void OnMismatch(const Operation& operation, int32_t peer, uint64_t bytes, uint64_t remote_signature,
                  uint64_t remote_bytes) override;
  void OnOtherCall(uint32_t channel, int32_t peer, uint64_t sequence, uint64_t signature,
                   uint64_t remote_signature) override;
  void OnCodecMismatch(const Operation& operation, int32_t peer, const CodedHeader& header) override;
  void OnCodecFailure(const Operation& operation, bool encoding, std::string what, int status) override;
  void OnWindowLost(const Operation& operation, std::string why) override;
  void OnStall(const Operation& operation, bool first) override;
  void OnDeadline(const Operation& operation) override;
  void OnOverrun(const Operation& operation) override;
  void OnTick(int64_t now_ns) override;

 private:
  struct LostPath {
    int32_t peer;
    std::string why;
    int64_t verdict_due_ns;
  };

  static bool Concerns(const FailureReport& report, const Communicator& communicator);
  void JudgeLostPaths(int64_t now_ns);
  void JudgeStrays();
  void ReportMismatch(const std::string& here, int32_t peer, const std::string& there, uint32_t channel,
                      uint64_t sequence);
  StalledOperation Describe(const Operation& operation) const;
  std::string CallOf(uint32_t channel, uint64_t sequence) const;
  std::optional<Activity> RecordOf(int32_t rank, uint32_t channel) const;
  bool HasLeft(int32_t peer) const;
  std::vector<ClockReading> ReadClocks();
  void FollowRank0();

  const JobOptions options_;
  AlgorithmOverrides wishes_;
  AlgorithmOverrides table_;
  Clock& clock_;
  ChannelNumbers channel_numbers_;
  std::unique_ptr<ControlPlane> control_plane_;
  std::vector<std::unique_ptr<Transport>> transports_;
  std::string host_id_;
  int cores_per_host_ = std::numeric_limits<int>::max();
  Places places_;
  std::unique_ptr<FlightRecorder> recorder_;
  std::unique_ptr<Engine> engine_;
  AnchorClock anchor_;  // the watcher's own
  std::unique_ptr<Diagnostician> diagnostician_;
  std::string tag_;
  std::unique_ptr<TelemetryExporter> exporter_;
  std::vector<LostPath> lost_paths_;  // the driver's own

  mutable std::mutex communicators_mutex_;  // taken before any communicator's own
  absl::flat_hash_map<uint32_t, Communicator*> communicators_;
  std::vector<FailureReport> unheard_;  // what may concern communicators that this rank has yet to make

  mutable std::mutex peers_mutex_;
  absl::flat_hash_map<int32_t, PeerCard> cards_;
  absl::flat_hash_map<int32_t, std::string> left_;
};

// How a failure that another rank reports ends an operation here.
Outcome OutcomeOf(FailureKind kind);

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_JOB_H_
