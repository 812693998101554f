// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/service_core.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/bootstrap/failure_sentence.h"
#include "lib/bootstrap/locality.h"
#include "lib/bootstrap/places.h"
#include "lib/bootstrap/rank_ranges.h"

namespace tutti {
namespace {

constexpr size_t kMaxCounters = 1 << 20;
constexpr size_t kMaxOpenQuestions = 1 << 16;
constexpr int64_t kMaxAskNs = 600 * kNsPerSecond;

}  // namespace

ServiceCore::ServiceCore(int size, Outlet* outlet) : outlet_(outlet), ranks_(static_cast<size_t>(size)) {}

std::string ServiceCore::Describe(int rank) const { return DescribeRank(rank, At(rank).card.host, At(rank).card.pid); }

void ServiceCore::Send(int rank, const Message& message) { outlet_->Send(rank, EncodeMessage(message)); }

void ServiceCore::Broadcast(const Message& message, int except) {
  const std::string frame = EncodeMessage(message);
  for (int rank = 0; rank < size(); ++rank) {
    if (rank != except && IsConnected(rank)) outlet_->Send(rank, frame);
  }
}

std::optional<std::string> ServiceCore::Admit(const Message& introduce) {
  const PeerCard& card = introduce.card;
  const std::string who = DescribeRank(card.rank, card.host, card.pid);
  std::string refusal;
  if (introduce.size != static_cast<uint32_t>(size())) {
    refusal = absl::StrCat(who, " says that the job has ", introduce.size, " ranks, but ", Describe(0), " says ",
                           size(), ": give all ranks the same size");
  } else if (!Holds(card.rank)) {
    refusal = absl::StrCat(who, " is not a rank of a job of ", size(), " ranks");
  } else if (At(card.rank).stage == Stage::kDied || At(card.rank).stage == Stage::kLeft) {
    refusal = absl::StrCat(who, " cannot take the place of ", Describe(card.rank),
                           ", which is gone: start the whole job again");
  } else if (At(card.rank).stage != Stage::kAbsent) {
    refusal = absl::StrCat("two processes claim rank ", card.rank, ": pid ", At(card.rank).card.pid, " on host ",
                           At(card.rank).card.host, " has it, and pid ", card.pid, " on host ", card.host,
                           " wants it too: give each process a rank of its own");
  }
  if (!refusal.empty()) {
    last_refusal_ = refusal;
    return refusal;
  }
  At(card.rank).stage = Stage::kAdmitted;
  At(card.rank).card = card;
  Send(card.rank, OfType(MessageType::kWelcome));
  return std::nullopt;
}

bool ServiceCore::Handle(int rank, const Message& message, int64_t now_ns) {
  if (!Holds(rank) || !IsConnected(rank)) return false;
  switch (message.type) {
    case MessageType::kJoin:
      return Join(rank, message);
    case MessageType::kAskMissing: {
      Message reply = OfType(MessageType::kMissing);
      reply.request = message.request;
      reply.sentence = MissingSentence();
      Send(rank, reply);
      return true;
    }
    case MessageType::kLookup:
      Lookup(rank, message);
      return true;
    case MessageType::kFetchAdd:
      FetchAdd(rank, message);
      return true;
    case MessageType::kAskActivity:
      AskActivity(rank, message, now_ns);
      return true;
    case MessageType::kAnswer:
      if (message.activities.size() != 1) return false;
      if (auto finished = activities_.Answer(message.request, rank, message.activities[0])) SendActivities(*finished);
      return true;
    case MessageType::kReport:
      return Report(rank, message.report);
    case MessageType::kGoodbye:
      Goodbye(rank, message.flag == 1, now_ns);
      return true;
    default:
      return false;  // what only the service may say, or a second introduction
  }
}

bool ServiceCore::Join(int rank, const Message& message) {
  if (At(rank).stage != Stage::kAdmitted || message.card.rank != rank) return false;
  if (!message.card.locality.empty() && !IsLocality(message.card.locality)) return false;
  if (!message.card.part.empty() && !IsHostPart(message.card.part)) return false;
  At(rank).stage = Stage::kJoined;
  At(rank).card = message.card;
  At(rank).has_card = true;
  if (rank == 0) word_ = message.sentence;
  ++joined_;
  if (all_joined() && !start_failure_) {
    absl::StatusOr<Places> places = PlacesOf(size(), [this](int of) -> const PeerCard& { return At(of).card; });
    if (!places.ok()) {
      FailStart(/*deadline_passed=*/false, std::string(places.status().message()));
      return true;
    }
    places_ = *std::move(places);
  }
  if (start_failure_) {
    Send(rank, *start_failure_);
  } else if (all_joined()) {
    outlet_->OnAllJoined();
    TellPlaces();
    Message news = OfType(MessageType::kAllJoined);
    news.card = At(0).card;
    news.sentence = word_;
    Broadcast(news, /*except=*/-1);
  }
  return true;
}

void ServiceCore::Fail(int rank, uint64_t request, absl::string_view sentence) {
  Message reply = OfType(MessageType::kFailed);
  reply.request = request;
  reply.sentence = std::string(sentence);
  Send(rank, reply);
}

void ServiceCore::Lookup(int rank, const Message& message) {
  Message reply = OfType(MessageType::kCards);
  reply.request = message.request;
  for (int wanted : message.ranks) {
    if (!Holds(wanted) || !At(wanted).has_card) {
      return Fail(rank, message.request,
                  absl::StrCat("rank ", wanted, " has not joined this job of ", size(), " ranks"));
    }
    reply.cards.push_back(At(wanted).card);
  }
  Send(rank, reply);
}

// To all, before they hear that all have joined: by then nobody needs to ask any more, which would fail once rank 0 has left.
void ServiceCore::TellPlaces() {
  Message news = OfType(MessageType::kHosts);
  news.flag = static_cast<uint8_t>(places_.finer.size());
  for (size_t r = 0; r < places_.hosts.size(); ++r) {
    HostRun run{places_.hosts[r], 0};
    for (const std::vector<int>& level : places_.finer) run.groups.push_back(level[r]);
    for (const std::vector<int>& level : places_.wider) run.groups.push_back(level[r]);
    if (news.runs.empty() || news.runs.back().host != run.host || news.runs.back().groups != run.groups) {
      if (news.runs.size() == kMaxRanksPerMessage) {
        Broadcast(news, /*except=*/-1);
        news.runs.clear();
      }
      news.runs.push_back(std::move(run));
    }
    ++news.runs.back().ranks;
  }
  Broadcast(news, /*except=*/-1);
}

void ServiceCore::FetchAdd(int rank, const Message& message) {
  if (counters_.size() >= kMaxCounters && !counters_.contains(message.sentence)) {
    return Fail(rank, message.request, absl::StrCat("the job already has ", kMaxCounters, " counters"));
  }
  uint64_t& counter = counters_[message.sentence];
  Message reply = OfType(MessageType::kCounter);
  reply.request = message.request;
  reply.value = counter;
  counter += message.value;
  Send(rank, reply);
}

void ServiceCore::AskActivity(int rank, const Message& message, int64_t now_ns) {
  if (activities_.open_count() >= kMaxOpenQuestions) {
    return Fail(rank, message.request, "too many questions are open");
  }
  const int64_t timeout_ns = static_cast<int64_t>(std::min<uint64_t>(message.value, kMaxAskNs));
  const uint64_t number = activities_.Open(rank, message.request, message.ranks, DeadlineAfterNs(now_ns, timeout_ns));
  Message question = OfType(MessageType::kQuestion);
  question.request = number;
  question.channel = message.channel;
  question.sequence = message.sequence;
  const std::string frame = EncodeMessage(question);
  for (int asked : message.ranks) {
    if (Holds(asked) && IsConnected(asked)) {
      outlet_->Send(asked, frame);
    } else {
      activities_.Skip(number, asked);
    }
  }
  if (auto finished = activities_.CheckDone(number)) SendActivities(*finished);
}

void ServiceCore::SendActivities(const ActivityBoard::Finished& finished) {
  if (!Holds(finished.asker) || !IsConnected(finished.asker)) return;
  Message reply = OfType(MessageType::kActivities);
  reply.request = finished.request;
  reply.activities = finished.activities;
  Send(finished.asker, reply);
}

bool ServiceCore::Report(int rank, FailureReport report) {
  if (report.culprit != -1 && !Holds(report.culprit)) return false;
  report.reporter = rank;
  if (!ledger_.Record(report)) return true;
  Message news = OfType(MessageType::kFailure);
  news.report = std::move(report);
  Broadcast(news, /*except=*/rank);
  return true;
}

void ServiceCore::Goodbye(int rank, bool gave_up, int64_t now_ns) {
  At(rank).stage = Stage::kLeft;
  for (const auto& finished : activities_.RankIsGone(rank)) SendActivities(finished);
  if (!all_joined()) {
    FailStart(gave_up, absl::StrCat(MissingSentence(), "; ", Describe(rank), gave_up ? " gave up waiting" : " left"));
    return;
  }
  FailureReport report;
  report.kind = FailureKind::kPeerLeft;
  report.culprit = rank;
  if (!ledger_.Record(report)) return;
  leavers_.push_back(rank);
  tell_leavers_ns_ = std::min(tell_leavers_ns_, DeadlineAfterNs(now_ns, kLeaveDelayNs));
}

void ServiceCore::Lost(int rank, absl::string_view how) {
  if (!Holds(rank) || !IsConnected(rank)) return;
  At(rank).stage = Stage::kDied;
  for (const auto& finished : activities_.RankIsGone(rank)) SendActivities(finished);
  Message news = OfType(MessageType::kFailure);
  news.report.kind = FailureKind::kPeerDied;
  news.report.culprit = rank;
  news.report.sentence = DiedSentence(Describe(rank), how);
  if (!all_joined()) FailStart(false, absl::StrCat(news.report.sentence, " (", MissingSentence(), ")"));
  if (ledger_.Record(news.report)) Broadcast(news, /*except=*/rank);
}

// The first reason is the one that everybody gets, those who come later too.
void ServiceCore::FailStart(bool deadline_passed, std::string sentence) {
  if (start_failure_) return;
  start_failure_ = OfType(MessageType::kStartFailed);
  start_failure_->flag = deadline_passed ? 1 : 0;
  start_failure_->sentence = std::move(sentence);
  for (int rank = 0; rank < size(); ++rank) {
    if (At(rank).stage == Stage::kJoined) Send(rank, *start_failure_);
  }
}

int64_t ServiceCore::Advance(int64_t now_ns) {
  for (const auto& finished : activities_.Expire(now_ns)) SendActivities(finished);
  if (now_ns >= tell_leavers_ns_) TellWhoLeft();
  return std::min(tell_leavers_ns_, activities_.next_deadline_ns());
}

void ServiceCore::TellWhoLeft() {
  for (size_t begin = 0; begin < leavers_.size(); begin += kMaxRanksPerMessage) {
    const size_t end = std::min(leavers_.size(), begin + kMaxRanksPerMessage);
    Message news = OfType(MessageType::kLeft);
    news.ranks.assign(leavers_.begin() + static_cast<std::ptrdiff_t>(begin),
                      leavers_.begin() + static_cast<std::ptrdiff_t>(end));
    Broadcast(news, /*except=*/-1);
  }
  leavers_.clear();
  tell_leavers_ns_ = kForeverNs;
}

void ServiceCore::End() {
  if (ended_) return;
  ended_ = true;
  if (IsConnected(0)) Goodbye(0, /*gave_up=*/false, /*now_ns=*/0);
  TellWhoLeft();
  Message news = OfType(MessageType::kServiceEnds);
  news.sentence = absl::StrCat(Describe(0), " has left the job, and the control service with it");
  Broadcast(news, /*except=*/-1);
}

std::string ServiceCore::MissingSentence() const {
  std::vector<int> missing;
  for (int rank = 0; rank < size(); ++rank) {
    if (!At(rank).has_card) missing.push_back(rank);
  }
  if (missing.empty()) return absl::StrCat("all ", size(), " ranks have joined");
  std::string sentence =
      absl::StrCat(DescribeRanks(missing), " of ", size(), missing.size() == 1 ? " has" : " have", " not joined");
  if (!last_refusal_.empty()) absl::StrAppend(&sentence, " (refused: ", last_refusal_, ")");
  return sentence;
}

}  // namespace tutti
