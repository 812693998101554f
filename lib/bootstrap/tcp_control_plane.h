// SPDX-License-Identifier: Apache-2.0
// The control plane of a real job: one TCP connection from each rank to a service in rank 0's process. README.md
// of this folder shows the protocol.
//
//   auto plane = TcpControlPlane::Connect(settings, &listener);   // finds rank 0, proves membership
//   ... open transports at plane->local_address(), guarded by plane->DataSecret() ...
//   plane->Join(card);                                            // publishes the card, waits for all ranks
#ifndef TUTTI_LIB_BOOTSTRAP_TCP_CONTROL_PLANE_H_
#define TUTTI_LIB_BOOTSTRAP_TCP_CONTROL_PLANE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/bootstrap/control_link.h"
#include "lib/bootstrap/control_plane.h"
#include "lib/bootstrap/control_thread.h"
#include "lib/bootstrap/message.h"
#include "lib/bootstrap/rendezvous.h"
#include "lib/bootstrap/request_table.h"
#include "lib/bootstrap/settings.h"

namespace tutti {

class TcpControlPlane final : public ControlPlane {
 public:
  // Rank 0 opens the service; every rank finds it, within settings.timeout_ns, which Join also counts against. listener
  // is borrowed until Leave, and may be called from now on; nullptr: nobody listens. exchange: the caller's own
  // channel, for RendezvousKind::kExchange. Errors: DeadlineExceeded (rank 0 was not found), Unauthenticated (wrong
  // secret), FailedPrecondition (refused: rank taken, other size, other version), InvalidArgument, NotFound,
  // AlreadyExists, PermissionDenied (settings that cannot work here), ResourceExhausted, Unavailable.
  static absl::StatusOr<std::unique_ptr<TcpControlPlane>> Connect(const JobSettings& settings,
                                                                  ControlPlaneListener* listener,
                                                                  const ExchangeFunction& exchange = nullptr);
  ~TcpControlPlane() override;

  // The numeric address at which this rank's transports should be reached (see interfaces.h).
  const std::string& local_address() const { return local_address_; }

  // 32 raw bytes, the same on all ranks of this run of the job, and on no other: for transports to authenticate by.
  const std::string& DataSecret() const { return data_secret_; }

  // What Connect found out about this process; address is empty. For the caller to complete and hand to Join.
  const PeerCard& self() const { return self_; }

  // Publishes the card and waits until all ranks have done so. Once. DeadlineExceeded says which ranks are missing;
  // Unavailable says which rank died or left meanwhile. After an error only Leave makes sense.
  // `word`: what rank 0 says that holds for all, at most kMaxWordBytes; of other ranks it is not heard.
  absl::Status Join(const PeerCard& card, const std::string& word = "");

  // Rank 0's word, after Join; the same on all ranks.
  std::string Word();

  int rank() const override { return self_.rank; }
  int size() const override { return size_; }
  absl::StatusOr<std::vector<PeerCard>> Lookup(absl::Span<const int> ranks) override;
  absl::StatusOr<Places> WhereAllAre() override;
  absl::StatusOr<uint64_t> FetchAdd(absl::string_view key, uint64_t delta) override;
  void Report(const FailureReport& report) override;
  std::vector<Activity> AskActivity(uint32_t channel, uint64_t sequence, absl::Span<const int> ranks,
                                    int64_t timeout_ns) override;
  void FollowServiceClock() override;
  void Leave() override;

 private:
  TcpControlPlane(const JobSettings& settings, PeerCard self, ControlPlaneListener* listener, Meeting meeting,
                  std::string local_address, int64_t start_deadline_ns);

  // Watcher thread (watcher.cc).
  void Watch();
  bool ReadMessages();  // false: the connection is lost
  bool OnMessage(const Message& message);
  int AskForClock();  // if it is time to; returns after how many ms it is again, -1: never
  bool OnClock(const Message& message);
  void OnQuestion(const Message& question);
  void OnLeft(const std::vector<int>& ranks);
  void OnServiceLost(absl::string_view how);
  void Deliver(const FailureReport& report);
  void EndStart(const absl::Status& result);  // the first result counts

  absl::Status MissingAtDeadline();

  const int size_;
  const PeerCard self_;
  ControlPlaneListener* const listener_;
  const std::string local_address_;
  const std::string data_secret_;
  const int64_t timeout_ns_;
  const int64_t start_deadline_ns_;

  const std::unique_ptr<Service> service_;  // rank 0 only
  ControlLink link_;
  FrameReader frames_;  // watcher only
  RequestTable requests_;
  std::atomic<bool> follows_clock_{false};
  // The watcher's own, by RawClock.
  int clock_questions_ = 0;
  int64_t clock_asked_ns_ = 0;  // not 0: no answer has come yet
  int64_t ask_clock_at_ns_ = 0;
  std::atomic<bool> stop_{false};
  std::once_flag leave_once_;

  std::mutex mutex_;
  std::condition_variable start_changed_;
  bool start_ended_ = false;   // guarded by mutex_, as all below
  absl::Status start_result_;  // of Join, once start_ended_
  bool gave_up_ = false;
  bool service_ended_ = false;
  std::string word_;
  absl::flat_hash_map<int, PeerCard> cards_;
  Places places_;

  ControlThread watcher_;  // last: joined before anything it uses goes
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_TCP_CONTROL_PLANE_H_
