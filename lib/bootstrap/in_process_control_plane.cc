// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/in_process_control_plane.h"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "lib/bootstrap/failure_ledger.h"
#include "lib/bootstrap/failure_sentence.h"
#include "lib/bootstrap/places.h"

namespace tutti {

// One mutex guards the facts; listeners are called without it, but by one thread at a time: the one that holds the
// "turn". So a listener may Report (it is queued), and Leave can wait until nobody is inside its listener.
class InProcessJob::State {
 public:
  explicit State(int size) : ranks_(static_cast<size_t>(size)) {
    for (int rank = 0; rank < size; ++rank) {
      ranks_[static_cast<size_t>(rank)].card = {rank, "host0", "in-process", static_cast<int64_t>(getpid()), "", ""};
    }
  }

  int size() const { return static_cast<int>(ranks_.size()); }
  bool Holds(int rank) const { return rank >= 0 && rank < size(); }

  void SetListener(int rank, ControlPlaneListener* listener) {
    std::unique_lock<std::mutex> lock(mutex_);
    At(rank).listener = listener;
    WaitUntilOutside(lock, rank);
  }

  void SetCard(const PeerCard& card) {
    std::lock_guard<std::mutex> lock(mutex_);
    At(card.rank).card = card;
  }

  void SetFrozen(int rank, bool frozen) {
    std::unique_lock<std::mutex> lock(mutex_);
    Rank& self = At(rank);
    self.frozen = frozen;
    if (frozen) return;
    while (!self.missed.empty()) {
      queue_.push_back({rank, std::move(self.missed.front())});
      self.missed.pop_front();
    }
    Deliver(lock);
  }

  void Kill(int rank) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!At(rank).alive) return;
    At(rank).alive = false;
    FailureReport report;
    report.kind = FailureKind::kPeerDied;
    report.culprit = rank;
    report.sentence = DiedSentence(Describe(rank), "its process ended without leaving the job");
    TellOthers(rank, report);
    Deliver(lock);
    WaitUntilOutside(lock, rank);
  }

  void Leave(int rank, bool tell) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (At(rank).alive) {
      At(rank).alive = false;
      FailureReport report;
      report.kind = FailureKind::kPeerLeft;
      report.reporter = rank;
      report.culprit = rank;
      report.sentence = LeftSentence(Describe(rank));
      if (tell) TellOthers(rank, report);
      Deliver(lock);
    }
    WaitUntilOutside(lock, rank);
  }

  void Report(int rank, FailureReport report) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!At(rank).alive) return;
    report.reporter = rank;
    TellOthers(rank, report);
    Deliver(lock);
  }

  absl::StatusOr<std::vector<PeerCard>> Lookup(int asker, absl::Span<const int> ranks) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (absl::Status alive = CheckAlive(asker, "look up peers"); !alive.ok()) return alive;
    std::vector<PeerCard> cards;
    for (int rank : ranks) {
      if (!Holds(rank)) return absl::InvalidArgumentError(absl::StrCat("no rank ", rank, " in a job of ", size()));
      cards.push_back(At(rank).card);
    }
    return cards;
  }

  absl::StatusOr<Places> WhereAllAre(int asker) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (absl::Status alive = CheckAlive(asker, "learn which ranks share a host"); !alive.ok()) return alive;
    return PlacesOf(size(), [this](int rank) -> const PeerCard& { return At(rank).card; });
  }

  absl::StatusOr<uint64_t> FetchAdd(int asker, absl::string_view key, uint64_t delta) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (absl::Status alive = CheckAlive(asker, "add to a counter"); !alive.ok()) return alive;
    uint64_t& counter = counters_[std::string(key)];
    const uint64_t before = counter;
    counter += delta;
    return before;
  }

  std::vector<Activity> Ask(uint32_t channel, uint64_t sequence, absl::Span<const int> ranks, int64_t timeout_ns) {
    std::vector<Activity> answers(ranks.size());
    for (size_t i = 0; i < ranks.size(); ++i) answers[i].rank = ranks[i];
    std::unique_lock<std::mutex> lock(mutex_);
    const auto turn_is_free = [this] { return !turn_taken_; };
    if (!turn_free_.wait_for(lock, std::chrono::nanoseconds(timeout_ns), turn_is_free)) return answers;
    turn_taken_ = true;
    for (size_t i = 0; i < ranks.size(); ++i) {
      if (!Holds(ranks[i]) || !At(ranks[i]).alive || At(ranks[i]).frozen) continue;
      Call(lock, ranks[i], [&](ControlPlaneListener* listener) {
        answers[i] = listener->OnActivityQuestion(channel, sequence);
        answers[i].rank = ranks[i];
        answers[i].answered = true;
      });
    }
    turn_taken_ = false;
    Deliver(lock);
    turn_free_.notify_all();
    return answers;
  }

 private:
  struct Rank {
    PeerCard card;
    ControlPlaneListener* listener = nullptr;
    bool alive = true;
    bool frozen = false;
    std::deque<FailureReport> missed;  // while frozen
  };
  struct Delivery {
    int to = -1;
    FailureReport report;
  };

  Rank& At(int rank) {
    if (!Holds(rank)) std::abort();  // a test that names a rank outside its own job
    return ranks_[static_cast<size_t>(rank)];
  }

  std::string Describe(int rank) {
    const PeerCard& card = At(rank).card;
    return DescribeRank(rank, card.host, card.pid);
  }

  absl::Status CheckAlive(int rank, absl::string_view what) {
    if (At(rank).alive) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("rank ", rank, " cannot ", what, ": it has left the job or is dead"));
  }

  void TellOthers(int except, const FailureReport& report) {
    if (!ledger_.Record(report)) return;
    for (int rank = 0; rank < size(); ++rank) {
      if (rank != except && At(rank).alive) queue_.push_back({rank, report});
    }
  }

  // Empties the queue, unless another frame or thread is already doing so.
  void Deliver(std::unique_lock<std::mutex>& lock) {
    if (turn_taken_) return;
    turn_taken_ = true;
    while (!queue_.empty()) {
      Delivery next = std::move(queue_.front());
      queue_.pop_front();
      Rank& to = At(next.to);
      if (!to.alive) continue;
      if (to.frozen) {
        to.missed.push_back(std::move(next.report));
        continue;
      }
      Call(lock, next.to, [&](ControlPlaneListener* listener) { listener->OnFailure(next.report); });
    }
    turn_taken_ = false;
    turn_free_.notify_all();
  }

  template <typename F>
  void Call(std::unique_lock<std::mutex>& lock, int rank, F&& call) {
    ControlPlaneListener* listener = At(rank).listener;
    if (listener == nullptr) return;
    inside_ = rank;
    inside_thread_ = std::this_thread::get_id();
    lock.unlock();
    call(listener);
    lock.lock();
    inside_ = -1;
    outside_.notify_all();
  }

  void WaitUntilOutside(std::unique_lock<std::mutex>& lock, int rank) {
    outside_.wait(lock, [&] { return inside_ != rank || inside_thread_ == std::this_thread::get_id(); });
  }

  std::mutex mutex_;
  std::condition_variable turn_free_;
  std::condition_variable outside_;
  std::vector<Rank> ranks_;
  FailureLedger ledger_;
  absl::flat_hash_map<std::string, uint64_t> counters_;
  std::deque<Delivery> queue_;
  bool turn_taken_ = false;
  int inside_ = -1;  // the rank whose listener is being called
  std::thread::id inside_thread_;
};

class InProcessJob::Plane final : public ControlPlane {
 public:
  Plane(std::shared_ptr<State> state, int rank) : state_(std::move(state)), rank_(rank) {}
  ~Plane() override { Leave(); }

  int rank() const override { return rank_; }
  int size() const override { return state_->size(); }
  absl::StatusOr<std::vector<PeerCard>> Lookup(absl::Span<const int> ranks) override {
    return state_->Lookup(rank_, ranks);
  }
  absl::StatusOr<Places> WhereAllAre() override { return state_->WhereAllAre(rank_); }
  absl::StatusOr<uint64_t> FetchAdd(absl::string_view key, uint64_t delta) override {
    return state_->FetchAdd(rank_, key, delta);
  }
  void Report(const FailureReport& report) override { state_->Report(rank_, report); }
  std::vector<Activity> AskActivity(uint32_t channel, uint64_t sequence, absl::Span<const int> ranks,
                                    int64_t timeout_ns) override {
    return state_->Ask(channel, sequence, ranks, timeout_ns);
  }
  // All ranks are of one process.
  void FollowServiceClock() override {}
  void Leave() override { state_->Leave(rank_, /*tell=*/true); }

 private:
  const std::shared_ptr<State> state_;
  const int rank_;
};

InProcessJob::InProcessJob(int size) : state_(std::make_shared<State>(size)) {
  for (int rank = 0; rank < size; ++rank) planes_.push_back(NewPlane(rank));
}

InProcessJob::~InProcessJob() {
  for (int rank = 0; rank < size(); ++rank) state_->Leave(rank, /*tell=*/false);
}

int InProcessJob::size() const { return state_->size(); }
ControlPlane* InProcessJob::plane(int rank) { return planes_.at(static_cast<size_t>(rank)).get(); }
std::unique_ptr<ControlPlane> InProcessJob::NewPlane(int rank) { return std::make_unique<Plane>(state_, rank); }
void InProcessJob::SetListener(int rank, ControlPlaneListener* listener) { state_->SetListener(rank, listener); }
void InProcessJob::SetCard(const PeerCard& card) { state_->SetCard(card); }
void InProcessJob::Kill(int rank) { state_->Kill(rank); }
void InProcessJob::Freeze(int rank) { state_->SetFrozen(rank, true); }
void InProcessJob::Thaw(int rank) { state_->SetFrozen(rank, false); }

}  // namespace tutti
