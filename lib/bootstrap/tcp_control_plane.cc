// SPDX-License-Identifier: Apache-2.0
// What callers do; what the service's messages do is in watcher.cc.
#include "lib/bootstrap/tcp_control_plane.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/bootstrap/host_id.h"
#include "lib/bootstrap/interfaces.h"
#include "lib/bootstrap/locality.h"
#include "lib/bootstrap/parse_value.h"
#include "lib/bootstrap/private_file.h"
#include "lib/bootstrap/timed_wait.h"

namespace tutti {
namespace {

constexpr size_t kMaxSecretBytes = 4096;
constexpr int64_t kMissingReplyNs = kNsPerSecond;
constexpr int64_t kGoodbyeNs = 100 * kNsPerMs;

absl::Status LoadSecret(JobSettings* settings) {
  if (!settings->secret.empty() || settings->secret_file.empty()) return absl::OkStatus();
  const auto content = ReadPrivateFile(settings->secret_file, kMaxSecretBytes);
  if (!content.ok()) {
    return absl::Status(content.status().code(), absl::StrCat("TUTTI_SECRET_FILE: ", content.status().message()));
  }
  settings->secret = std::string(absl::StripTrailingAsciiWhitespace(*content));
  if (!settings->secret.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("TUTTI_SECRET_FILE: ", settings->secret_file, " is empty"));
}

absl::StatusOr<std::string> ChooseLocalAddress(const JobSettings& settings, const Meeting& meeting) {
  const auto interfaces = ListInterfaces();
  if (!interfaces.ok()) return interfaces.status();
  AddressQuestion question;
  question.interfaces = *interfaces;
  question.pattern = settings.interface;
  question.route_to_rank_0 = meeting.route;
  question.loopback_is_right = meeting.on_loopback;
  question.default_route = DefaultRouteAddress();
  const auto address = ChooseAddress(question);
  if (!address.ok()) return address.status();
  return address->ToString();
}

absl::StatusOr<PeerCard> DescribeSelf(const JobSettings& settings) {
  PeerCard self;
  self.rank = settings.rank;
  self.host = HostName();
  self.host_id = settings.host_id.empty() ? HostId() : settings.host_id;
  self.pid = getpid();
  absl::StatusOr<Locality> locality = FindLocality(settings, self.host);
  if (!locality.ok()) return locality.status();
  self.locality = locality->path;
  self.part = settings.host_part;
  return self;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TcpControlPlane>> TcpControlPlane::Connect(const JobSettings& settings,
                                                                          ControlPlaneListener* listener,
                                                                          const ExchangeFunction& exchange) {
  const int64_t deadline_ns = DeadlineAfterNs(MonotonicClock().NowNs(), settings.timeout_ns);
  JobSettings with_secret = settings;
  absl::Status status = LoadSecret(&with_secret);
  if (!status.ok()) return status;
  if (with_secret.secret.empty() && settings.rendezvous_kind == RendezvousKind::kTcp) {
    TUTTI_LOG(kInfo, "no secret is set (TUTTI_SECRET): processes are not authenticated beyond the job id",
              settings.job_id.empty() ? ", and there is none" : "");
  }

  absl::StatusOr<PeerCard> self = DescribeSelf(settings);
  if (!self.ok()) return self.status();
  absl::StatusOr<Meeting> meeting = Meet(with_secret, *self, exchange, deadline_ns);
  if (!meeting.ok()) return meeting.status();
  absl::StatusOr<std::string> local_address = ChooseLocalAddress(settings, *meeting);
  if (!local_address.ok()) return local_address.status();
  TUTTI_LOG(kInfo, "rank ", settings.rank, " of ", settings.size, " reached rank 0 at ",
            meeting->connection.remote.ToString(), "; data connections use ", *local_address);

  std::unique_ptr<TcpControlPlane> plane(new TcpControlPlane(settings, *std::move(self), listener, *std::move(meeting),
                                                             *std::move(local_address), deadline_ns));
  if (!plane->link_.status().ok()) return plane->link_.status();
  status = plane->watcher_.Start("tutti-watcher", [raw = plane.get()] { raw->Watch(); });
  if (!status.ok()) return status;
  return plane;
}

TcpControlPlane::TcpControlPlane(const JobSettings& settings, PeerCard self, ControlPlaneListener* listener,
                                 Meeting meeting, std::string local_address, int64_t start_deadline_ns)
    : size_(settings.size),
      self_(std::move(self)),
      listener_(listener),
      local_address_(std::move(local_address)),
      data_secret_(DeriveDataSecret(meeting.job_key, meeting.connection.job_nonce)),
      timeout_ns_(settings.timeout_ns),
      start_deadline_ns_(start_deadline_ns),
      service_(std::move(meeting.service)),
      link_(std::move(meeting.connection.fd)),
      frames_(std::move(meeting.connection.frames)) {}

TcpControlPlane::~TcpControlPlane() { Leave(); }

std::string TcpControlPlane::Word() {
  std::lock_guard<std::mutex> lock(mutex_);
  return word_;
}

absl::Status TcpControlPlane::Join(const PeerCard& card, const std::string& word) {
  if (card.rank != rank()) {
    return absl::InvalidArgumentError(absl::StrCat("rank ", rank(), " cannot join with the card of rank ", card.rank));
  }
  if (card.host.size() > kMaxHostBytes || card.host_id.size() > kMaxHostIdBytes ||
      card.address.size() > kMaxAddressBytes || card.locality.size() > kMaxLocalityBytes ||
      card.part.size() > kMaxHostPartBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the card of rank ", rank(), " is too long: at most ", kMaxHostBytes,
                                                   " bytes of host, ", kMaxHostIdBytes, " of host id, ",
                                                   kMaxAddressBytes, " of address, ", kMaxLocalityBytes,
                                                   " of locality, ", kMaxHostPartBytes, " of its part of the host"));
  }
  if (word.size() > kMaxWordBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("what rank 0 says to all has ", word.size(), " bytes, at most ", kMaxWordBytes, " can be said"));
  }
  Message join = OfType(MessageType::kJoin);
  join.card = card;
  if (card.rank == 0) join.sentence = word;
  link_.Send(EncodeMessage(join));
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (WaitUntil(lock, start_changed_, start_deadline_ns_, [this] { return start_ended_; })) return start_result_;
    gave_up_ = true;
  }
  return MissingAtDeadline();
}

// The service knows who is missing.
absl::Status TcpControlPlane::MissingAtDeadline() {
  Message ask = OfType(MessageType::kAskMissing);
  ask.request = requests_.Open();
  link_.Send(EncodeMessage(ask));
  const auto reply = requests_.Wait(ask.request, DeadlineAfterNs(MonotonicClock().NowNs(), kMissingReplyNs));
  {
    // Somebody else may have given up first, and everybody was told why.
    std::lock_guard<std::mutex> lock(mutex_);
    if (start_ended_ && !start_result_.ok()) return start_result_;
  }
  return absl::DeadlineExceededError(absl::StrCat(reply.ok() ? reply->sentence : std::string(reply.status().message()),
                                                  " after ", DescribeDuration(timeout_ns_),
                                                  "; see those processes' own output, or set TUTTI_TIMEOUT"));
}

absl::StatusOr<std::vector<PeerCard>> TcpControlPlane::Lookup(absl::Span<const int> ranks) {
  std::vector<int> unknown;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (int wanted : ranks) {
      if (wanted < 0 || wanted >= size_) {
        return absl::InvalidArgumentError(absl::StrCat("there is no rank ", wanted, " in a job of ", size_, " ranks"));
      }
      if (!cards_.contains(wanted)) unknown.push_back(wanted);
    }
  }
  std::sort(unknown.begin(), unknown.end());
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());

  const int64_t deadline_ns = DeadlineAfterNs(MonotonicClock().NowNs(), timeout_ns_);
  std::vector<uint64_t> requests;
  for (size_t begin = 0; begin < unknown.size(); begin += kMaxRanksPerMessage) {
    Message lookup = OfType(MessageType::kLookup);
    lookup.request = requests_.Open();
    const auto part = absl::MakeConstSpan(unknown).subspan(begin, kMaxRanksPerMessage);
    lookup.ranks.assign(part.begin(), part.end());
    requests.push_back(lookup.request);
    link_.Send(EncodeMessage(lookup));
  }
  absl::Status status;
  for (uint64_t request : requests) {
    const auto reply = requests_.Wait(request, deadline_ns);
    std::lock_guard<std::mutex> lock(mutex_);
    if (!reply.ok()) {
      status = reply.status();
    } else if (reply->type == MessageType::kFailed) {
      status = absl::NotFoundError(reply->sentence);
    } else {
      for (const PeerCard& card : reply->cards) cards_[card.rank] = card;
    }
  }
  if (!status.ok())
    return absl::Status(status.code(), absl::StrCat("rank ", rank(), " cannot look up peers: ", status.message()));

  std::vector<PeerCard> cards;
  std::lock_guard<std::mutex> lock(mutex_);
  for (int wanted : ranks) {
    const auto found = cards_.find(wanted);
    if (found == cards_.end())
      return absl::InternalError(absl::StrCat("rank 0 did not send the card of rank ", wanted));
    cards.push_back(found->second);
  }
  return cards;
}

absl::StatusOr<Places> TcpControlPlane::WhereAllAre() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (places_.hosts.size() == static_cast<size_t>(size_)) return places_;
  return absl::FailedPreconditionError("not all ranks have joined");
}

absl::StatusOr<uint64_t> TcpControlPlane::FetchAdd(absl::string_view key, uint64_t delta) {
  if (key.empty() || key.size() > kMaxKeyBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a counter's name must have 1 to ", kMaxKeyBytes, " bytes"));
  }
  Message add = OfType(MessageType::kFetchAdd);
  add.request = requests_.Open();
  add.sentence = std::string(key);
  add.value = delta;
  link_.Send(EncodeMessage(add));
  const auto reply = requests_.Wait(add.request, DeadlineAfterNs(MonotonicClock().NowNs(), timeout_ns_));
  absl::Status status = reply.status();
  if (reply.ok() && reply->type == MessageType::kCounter) return reply->value;
  if (reply.ok()) status = absl::ResourceExhaustedError(reply->sentence);
  return absl::Status(status.code(),
                      absl::StrCat("rank ", rank(), " cannot add to counter \"", key, "\": ", status.message()));
}

void TcpControlPlane::Report(const FailureReport& report) {
  Message message = OfType(MessageType::kReport);
  message.report = report;
  message.report.reporter = rank();
  link_.Send(EncodeMessage(message));
}

std::vector<Activity> TcpControlPlane::AskActivity(uint32_t channel, uint64_t sequence, absl::Span<const int> ranks,
                                                   int64_t timeout_ns) {
  const int64_t deadline_ns = DeadlineAfterNs(MonotonicClock().NowNs(), timeout_ns);
  std::vector<Activity> activities(ranks.size());
  for (size_t i = 0; i < ranks.size(); ++i) activities[i].rank = ranks[i];
  std::vector<uint64_t> requests;
  for (size_t begin = 0; begin < ranks.size(); begin += kMaxRanksPerMessage) {
    Message ask = OfType(MessageType::kAskActivity);
    ask.request = requests_.Open();
    ask.channel = channel;
    ask.sequence = sequence;
    // Leaves time for the service's answer about those who did not give one.
    ask.value = static_cast<uint64_t>(std::max<int64_t>(timeout_ns - timeout_ns / 8, 0));
    const auto part = ranks.subspan(begin, kMaxRanksPerMessage);
    ask.ranks.assign(part.begin(), part.end());
    requests.push_back(ask.request);
    link_.Send(EncodeMessage(ask));
  }
  for (size_t i = 0; i < requests.size(); ++i) {
    const auto reply = requests_.Wait(requests[i], deadline_ns);
    if (!reply.ok()) continue;
    const size_t begin = i * kMaxRanksPerMessage;
    for (size_t j = 0; j < reply->activities.size() && begin + j < activities.size(); ++j) {
      if (reply->activities[j].rank == ranks[begin + j]) activities[begin + j] = reply->activities[j];
    }
  }
  return activities;
}

void TcpControlPlane::FollowServiceClock() {
  follows_clock_.store(true);
  link_.Wake();
}

void TcpControlPlane::Leave() {
  // In a forked child nothing of this works, and nothing must be said in the parent's name.
  if (watcher_.InForkedChild()) return;
  std::call_once(leave_once_, [this] {
    Message goodbye = OfType(MessageType::kGoodbye);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      goodbye.flag = gave_up_ ? 1 : 0;
    }
    link_.Send(EncodeMessage(goodbye));
    link_.Drain(DeadlineAfterNs(MonotonicClock().NowNs(), kGoodbyeNs));
    stop_.store(true);
    link_.Wake();
    watcher_.Join();
    const absl::Status left = absl::UnavailableError(absl::StrCat("rank ", rank(), " has left the job"));
    EndStart(left);
    requests_.FailAll(left);
    link_.Shutdown();
    if (service_ != nullptr) service_->Stop();
  });
}

}  // namespace tutti
