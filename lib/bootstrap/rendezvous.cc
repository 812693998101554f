// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/rendezvous.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/prng.h"
#include "lib/bootstrap/parse_value.h"
#include "lib/bootstrap/private_file.h"
#include "lib/bootstrap/rendezvous_address.h"
#include "lib/bootstrap/rendezvous_host.h"
#include "lib/bootstrap/resolve_host.h"
#include "lib/bootstrap/service_notice.h"
#include "lib/bootstrap/socket.h"

namespace tutti {
namespace {

constexpr int64_t kAttemptNs = 10 * kNsPerSecond;  // for one address, so that a dead one does not eat all the time
constexpr int64_t kResolveAgainNs = 5 * kNsPerSecond;
// A wrong secret is told soon; but another job's service may be just about to close the port that ours is to open.
constexpr int64_t kStrangerGraceNs = 10 * kNsPerSecond;

// Pauses between attempts: short at first, as all ranks start at about the same time; then so long that many ranks
// together do not keep rank 0's host busy; never in step with each other.
class Backoff {
 public:
  Backoff(int rank, int size)
      : prng_(static_cast<uint64_t>(getpid()), static_cast<uint64_t>(rank)),
        longest_ns_(std::max<int64_t>(100 * kNsPerMs, int64_t{size} * 100 * kNsPerUs)) {}

  void Pause(int64_t deadline_ns) {
    const int64_t left_ns = deadline_ns - MonotonicClock().NowNs();
    const int64_t pause_ns = std::min(prng_.Between(next_ns_ / 2, next_ns_), left_ns);
    next_ns_ = std::min(next_ns_ * 3 / 2, longest_ns_);
    if (pause_ns <= 0) return;
    timespec pause = {pause_ns / kNsPerSecond, pause_ns % kNsPerSecond};
    nanosleep(&pause, nullptr);  // a signal shortens it: harmless
  }

 private:
  Prng prng_;
  const int64_t longest_ns_;
  int64_t next_ns_ = kNsPerMs;
};

// Where to try next, and with which key.
struct Target {
  std::vector<SocketAddress> addresses;
  Mac job_key = {};
};

// Looks for rank 0 again and again, as each way of rendezvous allows.
class Finder {
 public:
  explicit Finder(const JobSettings& settings) : settings_(settings) {}

  // A notice that came by the exchange function.
  void Fix(const ServiceNotice& notice) {
    fixed_ = FromNotice(notice);
    is_fixed_ = true;
  }

  absl::StatusOr<Target> Find(int64_t deadline_ns) {
    if (is_fixed_) return fixed_;
    if (settings_.rendezvous_kind == RendezvousKind::kFile) return FindByFile();
    return FindByName(deadline_ns);
  }

 private:
  Target FromNotice(const ServiceNotice& notice) const {
    return {notice.addresses, DeriveJobKey(settings_.secret, settings_.job_id, notice.ticket)};
  }

  absl::StatusOr<Target> FindByFile() const {
    const std::string path = RendezvousPath(settings_.rendezvous);
    const absl::StatusOr<std::string> text = ReadPrivateFile(path, kMaxNoticeBytes);
    if (absl::IsNotFound(text.status())) {
      return absl::UnavailableError(absl::StrCat("rank 0 has not written ", path, " yet"));
    }
    if (!text.ok()) return text.status();
    const std::optional<ServiceNotice> notice = ServiceNotice::Parse(*text);
    if (!notice) return absl::UnavailableError(absl::StrCat(path, " is not what rank 0 writes"));
    return FromNotice(*notice);
  }

  absl::StatusOr<Target> FindByName(int64_t deadline_ns) {
    const int64_t now_ns = MonotonicClock().NowNs();
    if (resolved_.empty() || now_ns >= resolve_again_ns_) {
      resolve_again_ns_ = DeadlineAfterNs(now_ns, kResolveAgainNs);
      const HostPort place = RendezvousHostPort(settings_.rendezvous);
      auto addresses = ResolveHost(place.host, static_cast<uint16_t>(place.port), deadline_ns);
      if (!addresses.ok()) return addresses.status();
      resolved_ = *std::move(addresses);
    }
    return Target{resolved_, DeriveJobKey(settings_.secret, settings_.job_id, "")};
  }

  const JobSettings& settings_;
  Target fixed_;
  bool is_fixed_ = false;
  std::vector<SocketAddress> resolved_;
  int64_t resolve_again_ns_ = 0;
};

bool IsFinal(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsPermissionDenied(status);
}

bool IsStranger(const absl::Status& status) {
  return absl::IsUnauthenticated(status) || absl::IsInvalidArgument(status);
}

absl::Status TryOnce(Finder* finder, const JobSettings& settings, const PeerCard& self, int64_t deadline_ns,
                     Meeting* meeting) {
  absl::StatusOr<Target> target = finder->Find(deadline_ns);
  if (!target.ok()) return target.status();
  absl::Status worst;
  for (const SocketAddress& address : target->addresses) {
    const int64_t attempt_ns = std::min(deadline_ns, DeadlineAfterNs(MonotonicClock().NowNs(), kAttemptNs));
    auto connection = Dial(address, target->job_key, self, settings.size, attempt_ns, deadline_ns);
    if (connection.ok()) {
      meeting->connection = *std::move(connection);
      meeting->job_key = target->job_key;
      return absl::OkStatus();
    }
    if (IsFinal(connection.status())) return connection.status();
    if (worst.ok() || IsStranger(connection.status())) worst = connection.status();
  }
  return worst;
}

absl::Status KeepTrying(Finder* finder, const JobSettings& settings, const PeerCard& self, int64_t deadline_ns,
                        Meeting* meeting) {
  Backoff backoff(settings.rank, settings.size);
  int64_t strangers_since_ns = kForeverNs;
  absl::Status most_telling;  // a stranger's presence explains more than a later silence
  while (true) {
    const absl::Status status = TryOnce(finder, settings, self, deadline_ns, meeting);
    if (status.ok() || IsFinal(status)) return status;
    const int64_t now_ns = MonotonicClock().NowNs();
    strangers_since_ns = IsStranger(status) ? std::min(strangers_since_ns, now_ns) : kForeverNs;
    if (IsStranger(status) && !IsStranger(most_telling))
      TUTTI_LOG(kInfo, "still looking for rank 0: ", status.message());
    if (IsStranger(status) || !IsStranger(most_telling)) most_telling = status;
    // A file of an earlier job is replaced sooner or later, so there the search goes on.
    const bool may_heal = settings.rendezvous_kind == RendezvousKind::kFile;
    if (!may_heal && now_ns - kStrangerGraceNs >= strangers_since_ns) return status;
    if (now_ns >= deadline_ns) {
      return absl::DeadlineExceededError(absl::StrCat(
          "rank ", settings.rank, " found no way to rank 0 within ", DescribeDuration(settings.timeout_ns), " by ",
          settings.rendezvous.empty() ? "the exchange function" : settings.rendezvous, ": ", most_telling.message()));
    }
    backoff.Pause(deadline_ns);
  }
}

// The contribution of rank 0 is its notice, or its error; that of the others is empty. One length for all.
absl::StatusOr<std::string> Exchange(const JobSettings& settings, const ExchangeFunction& exchange,
                                     const std::string& notice) {
  std::string contribution = notice;
  contribution.resize(kMaxNoticeBytes, '\0');
  std::string gathered;
  absl::Status status = exchange(contribution, &gathered);
  if (!status.ok()) return absl::UnavailableError(absl::StrCat("the exchange function failed: ", status.message()));
  if (gathered.size() != kMaxNoticeBytes * static_cast<size_t>(settings.size)) {
    return absl::InvalidArgumentError(absl::StrCat("the exchange function gathered ", gathered.size(),
                                                   " bytes instead of ", kMaxNoticeBytes, " from each of ",
                                                   settings.size, " ranks"));
  }
  if (gathered.substr(static_cast<size_t>(settings.rank) * kMaxNoticeBytes, kMaxNoticeBytes) != contribution) {
    return absl::InvalidArgumentError(absl::StrCat("the exchange function did not put the contribution of rank ",
                                                   settings.rank, " in its place: it must gather in rank order"));
  }
  const std::string first = gathered.substr(0, kMaxNoticeBytes);
  return first.substr(0, first.find('\0'));
}

bool MeansLoopback(const JobSettings& settings) {
  if (settings.single_host()) return true;
  if (settings.rendezvous_kind != RendezvousKind::kTcp) return false;
  const HostPort place = RendezvousHostPort(settings.rendezvous);
  const std::optional<IpAddress> ip = IpAddress::Parse(place.host);
  return place.host == "localhost" || (ip && ip->IsLoopback());
}

}  // namespace

absl::StatusOr<Meeting> Meet(const JobSettings& settings, const PeerCard& self, const ExchangeFunction& exchange,
                             int64_t deadline_ns) {
  const bool by_exchange = settings.rendezvous_kind == RendezvousKind::kExchange && settings.size > 1;
  if (by_exchange && !exchange) {
    return absl::InvalidArgumentError("the rendezvous is to be the exchange function, but none was given");
  }
  Meeting meeting;
  meeting.on_loopback = MeansLoopback(settings);
  if (settings.rank == 0) {
    absl::StatusOr<HostedService> hosted = HostService(settings, deadline_ns);
    // The others wait in the exchange function: they must hear of a failure too.
    if (by_exchange) {
      const auto gathered = Exchange(settings, exchange, hosted.ok() ? hosted->notice : "");
      if (hosted.ok() && !gathered.ok()) return gathered.status();
    }
    if (!hosted.ok()) return hosted.status();
    const int64_t attempt_ns = std::min(deadline_ns, DeadlineAfterNs(MonotonicClock().NowNs(), kAttemptNs));
    auto connection = Dial(hosted->own_way, hosted->job_key, self, settings.size, attempt_ns, deadline_ns);
    if (!connection.ok()) return connection.status();
    meeting.service = std::move(hosted->service);
    meeting.connection = *std::move(connection);
    meeting.job_key = hosted->job_key;
    meeting.route = hosted->known_address;
    return meeting;
  }

  Finder finder(settings);
  if (by_exchange) {
    const absl::StatusOr<std::string> text = Exchange(settings, exchange, "");
    if (!text.ok()) return text.status();
    const std::optional<ServiceNotice> notice = ServiceNotice::Parse(*text);
    if (!notice) {
      return absl::FailedPreconditionError(
          "rank 0 could not open the control service (its own error says why), or the exchange function changed what "
          "it sent");
    }
    finder.Fix(*notice);
  }
  absl::Status status = KeepTrying(&finder, settings, self, deadline_ns, &meeting);
  if (!status.ok()) return status;
  meeting.route = meeting.connection.local.ip;
  return meeting;
}

}  // namespace tutti
