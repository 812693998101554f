// SPDX-License-Identifier: Apache-2.0
// What the service at rank 0 knows and decides: who has joined, who is gone, who must be told what. A state machine
// without sockets, threads or clock: messages come in by Handle, frames go out through the Outlet, time is handed in.
// Not thread-safe. It never knows how a rank is connected.
#ifndef TUTTI_LIB_BOOTSTRAP_SERVICE_CORE_H_
#define TUTTI_LIB_BOOTSTRAP_SERVICE_CORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "lib/base/clock.h"
#include "lib/bootstrap/activity_board.h"
#include "lib/bootstrap/failure_ledger.h"
#include "lib/bootstrap/message.h"

namespace tutti {

class ServiceCore {
 public:
  class Outlet {
   public:
    virtual ~Outlet() = default;
    // Queues bytes for an admitted rank's connection. Must not call back into the core.
    virtual void Send(int rank, absl::string_view frame) = 0;
    // All ranks have joined; called before they are told. Nobody else can be admitted from now on.
    virtual void OnAllJoined() = 0;
  };

  // Goodbyes are passed on together, this long after the first: at a job's end everybody leaves at about the same time,
  // and telling each of each would be size * size messages.
  static constexpr int64_t kLeaveDelayNs = 5 * kNsPerMs;

  ServiceCore(int size, Outlet* outlet);  // outlet is borrowed

  // A rank's kIntroduce. Nothing: it is admitted, and may send. Else the sentence with which it is refused.
  std::optional<std::string> Admit(const Message& introduce);

  // A message of an admitted rank. False: it breaks the protocol, and its connection must be closed (then call Lost).
  bool Handle(int rank, const Message& message, int64_t now_ns);

  // The connection of an admitted rank is gone. A death, unless the rank has said goodbye. how: "its control connection
  // was reset".
  void Lost(int rank, absl::string_view how);

  // Does what is due at now_ns, and says when to come back at the latest (kForeverNs: no need).
  int64_t Advance(int64_t now_ns);

  // Rank 0 leaves in good order and takes the service with it: everyone is told.
  void End();

  bool all_joined() const { return joined_ == size(); }
  int size() const { return static_cast<int>(ranks_.size()); }

  // "ranks 3, 7-9 of 16 have not joined", and why somebody was refused.
  std::string MissingSentence() const;

 private:
  enum class Stage : uint8_t { kAbsent, kAdmitted, kJoined, kLeft, kDied };
  struct Rank {
    Stage stage = Stage::kAbsent;
    bool has_card = false;
    PeerCard card;
  };

  Rank& At(int rank) { return ranks_[static_cast<size_t>(rank)]; }
  const Rank& At(int rank) const { return ranks_[static_cast<size_t>(rank)]; }
  bool Holds(int rank) const { return rank >= 0 && rank < size(); }
  bool IsConnected(int rank) const { return At(rank).stage == Stage::kAdmitted || At(rank).stage == Stage::kJoined; }
  std::string Describe(int rank) const;

  void Send(int rank, const Message& message);
  void Broadcast(const Message& message, int except);
  void Fail(int rank, uint64_t request, absl::string_view sentence);
  void SendActivities(const ActivityBoard::Finished& finished);

  bool Join(int rank, const Message& message);
  void Lookup(int rank, const Message& message);
  void TellPlaces();
  void FetchAdd(int rank, const Message& message);
  void AskActivity(int rank, const Message& message, int64_t now_ns);
  bool Report(int rank, FailureReport report);
  void Goodbye(int rank, bool gave_up, int64_t now_ns);
  void FailStart(bool deadline_passed, std::string sentence);
  void TellWhoLeft();

  Outlet* const outlet_;
  std::vector<Rank> ranks_;
  int joined_ = 0;  // how many have ever joined
  bool ended_ = false;
  std::optional<Message> start_failure_;
  std::string last_refusal_;
  std::string word_;  // rank 0's, for all
  Places places_;     // once all have joined
  absl::flat_hash_map<std::string, uint64_t> counters_;
  FailureLedger ledger_;
  ActivityBoard activities_;
  std::vector<int> leavers_;  // not told of yet
  int64_t tell_leavers_ns_ = kForeverNs;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_SERVICE_CORE_H_
