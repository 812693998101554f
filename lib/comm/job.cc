// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/job.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

#include "collectives/select/rules.h"
#include "lib/base/log.h"
#include "lib/comm/communicator.h"
#include "lib/comm/paths.h"

namespace tutti {

Job::Job(const JobOptions& options, Clock& clock)
    : options_(options), clock_(clock), channel_numbers_(options.rank, options.size) {}

Job::~Job() { Shutdown(0); }

absl::Status Job::Start(std::unique_ptr<ControlPlane> control_plane, std::vector<std::unique_ptr<Transport>> transports,
                        const PeerCard& card, Places places, std::unique_ptr<FlightRecorder> recorder) {
  control_plane_ = std::move(control_plane);
  transports_ = std::move(transports);
  host_id_ = card.host_id;
  places_ = std::move(places);
  cards_.insert_or_assign(card.rank, card);  // nobody looks it up, but sentences name this rank, too
  recorder_ = std::move(recorder);
  EngineOptions engine_options = options_.engine;
  engine_options.recorder = recorder_.get();
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Create(engine_options, clock_, *this);
  if (!engine.ok()) return engine.status();
  engine_ = *std::move(engine);
  for (const auto& transport : transports_) {
    absl::Status status = engine_->UseTransport(*transport, options_.size);
    if (!status.ok()) return status;
  }
  diagnostician_ = std::make_unique<Diagnostician>(
      *control_plane_,
      Knowledge{[this](int32_t rank) { return NameOf(rank); },
                [this](uint32_t channel, uint64_t sequence) { return CallOf(channel, sequence); },
                [this](int32_t rank, uint32_t channel) { return RecordOf(rank, channel); }},
      [this](const StalledOperation& operation, const Diagnosis& diagnosis) {
        FailAndReport(FailureKind::kMismatch, diagnosis.culprit, operation.channel, diagnosis.sentence);
      },
      [this](const StalledOperation& operation, const Diagnosis& diagnosis) {
        FailAndReport(FailureKind::kTimeout, diagnosis.culprit, operation.channel, diagnosis.sentence);
      });
  FollowRank0();
  if (!options_.progress_thread) return absl::OkStatus();
  return engine_->StartProgressThread(options_.progress_core, options_.progress_priority);
}

// So that clocks can be compared between any two hosts; see AnchorClock.
void Job::FollowRank0() {
  const bool on_one_host = std::all_of(places_.hosts.begin(), places_.hosts.end(), [](int host) { return host == 0; });
  if (on_one_host) return;
  if (places_.hosts[static_cast<size_t>(options_.rank)] == 0) return engine_->FollowAnchor(AnchorClock::Same());
  control_plane_->FollowServiceClock();
}

void Job::OnServiceClock(int64_t asked_ns, int64_t service_ns, int64_t heard_ns) {
  anchor_.Heard(asked_ns, service_ns, heard_ns);
  engine_->FollowAnchor(anchor_);
}

RankIdentity Job::Identity() const {
  std::lock_guard<std::mutex> lock(peers_mutex_);
  const PeerCard& card = cards_.at(options_.rank);
  return {.job = tag_,
          .rank = options_.rank,
          .size = options_.size,
          .host = card.host,
          .host_id = card.host_id,
          .pid = card.pid};
}

absl::Status Job::Export(const ExportOptions& options, const std::string& tag) {
  tag_ = tag;
  if (!options.wanted()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<TelemetryExporter>> exporter =
      TelemetryExporter::Start(options, Identity(), clock_, [this] { return ReadClocks(); });
  if (!exporter.ok()) return exporter.status();
  exporter_ = *std::move(exporter);
  return absl::OkStatus();
}

// On the exporter's thread.
std::vector<ClockReading> Job::ReadClocks() {
  std::vector<ClockReading> readings;
  if (!engine_->compares_clocks()) return readings;
  engine_->RunAsDriver([&] {
    const int64_t now_ns = clock_.NowNs();
    engine_->VisitPeerClocks([&](int32_t peer, const PeerClock& clock) {
      const PeerClock::Offset offset = clock.At(now_ns);
      if (offset.known()) readings.push_back({peer, now_ns, offset.ns, offset.error_ns});
    });
  });
  return readings;
}

void Job::Shutdown(int64_t flush_ns) {
  exporter_.reset();  // it asks the engine
  if (engine_ != nullptr) {
    engine_->StopProgressThread();
    if (flush_ns > 0) engine_->Flush(flush_ns);
  }
  diagnostician_.reset();
  if (control_plane_ != nullptr) control_plane_->Leave();
  engine_.reset();
  recorder_.reset();
  transports_.clear();
  control_plane_.reset();
}

void Job::SetAlgorithms(AlgorithmOverrides wishes, AlgorithmOverrides table) {
  wishes_ = std::move(wishes);
  table_ = std::move(table);
}

const Algorithm* Job::WishFor(const Shape& shape, bool share_memory, bool crowded) const {
  const Algorithm* wish = wishes_.For(shape);
  if (wish != nullptr || (share_memory && SharedRuleFor(shape, crowded) != nullptr)) return wish;
  return table_.For(shape);
}

void Job::Register(Communicator& communicator) {
  std::lock_guard<std::mutex> lock(communicators_mutex_);
  communicators_.emplace(communicator.channel(), &communicator);
  // The others may have been quicker: a rank may have died, or the communicator failed, before it was made here.
  for (const FailureReport& report : unheard_) {
    if (Concerns(report, communicator)) communicator.Fail(OutcomeOf(report.kind), report.sentence);
  }
}

void Job::Unregister(Communicator& communicator) {
  std::lock_guard<std::mutex> lock(communicators_mutex_);
  communicators_.erase(communicator.channel());
}

absl::StatusOr<std::vector<PeerCard>> Job::LookUp(absl::Span<const int32_t> job_ranks) {
  if (job_ranks.empty()) return std::vector<PeerCard>();
  absl::StatusOr<std::vector<PeerCard>> cards = control_plane_->Lookup(job_ranks);
  if (cards.ok()) {
    std::lock_guard<std::mutex> lock(peers_mutex_);
    for (const PeerCard& card : *cards) cards_.insert_or_assign(card.rank, card);
  }
  return cards;
}

Levels Job::LevelsOf(absl::Span<const int32_t> members) const {
  if (places_.hosts.empty()) return {};
  return Levels{places_.finer, places_.hosts, places_.wider}.Among(members);
}

bool Job::IsCrowded(absl::Span<const int32_t> members) const {
  absl::flat_hash_map<int, int> ranks_of_host;
  int most = 0;
  for (int32_t member : members) {
    if (!places_.hosts.empty()) most = std::max(most, ++ranks_of_host[places_.hosts[static_cast<size_t>(member)]]);
  }
  return most > cores_per_host_;
}

// FNV-1a: ranks compare it, whatever their standard library hashes like.
uint64_t Job::HostHash() const {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : host_id_) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return hash;
}

absl::StatusOr<PeerConnection> Job::PathTo(const PeerCard& peer) const {
  return ChoosePath(transports_, host_id_, peer);
}

std::string Job::NameOf(int32_t job_rank) const {
  std::lock_guard<std::mutex> lock(peers_mutex_);
  auto it = cards_.find(job_rank);
  if (it == cards_.end()) return absl::StrCat("rank ", job_rank);
  return absl::StrCat("rank ", job_rank, " (host ", it->second.host, ", pid ", it->second.pid, ")");
}

bool Job::HasLeft(int32_t peer) const {
  std::lock_guard<std::mutex> lock(peers_mutex_);
  return left_.contains(peer);
}

StalledOperation Job::Describe(const Operation& operation) const {
  const Communicator& communicator = *static_cast<const Communicator*>(operation.owner);
  Engine::Waits waits = engine_->DescribeWaits(operation, [this](int32_t peer) { return NameOf(peer); });
  StalledOperation stalled;
  stalled.channel = operation.channel;
  stalled.is_message = operation.is_message();
  stalled.sequence = operation.sequence;
  stalled.signature = operation.signature;
  stalled.name = communicator.NameOf(operation);
  stalled.waits = std::move(waits.description);
  stalled.waits_for = std::move(waits.peers);
  stalled.senders = std::move(waits.senders);
  stalled.members = communicator.members();
  stalled.running_ns = clock_.NowNs() - operation.started_ns;
  return stalled;
}

}  // namespace tutti
