// SPDX-License-Identifier: Apache-2.0
// The watcher thread of TcpControlPlane: sleeps on the control connection and acts on what the service says.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/raw_clock.h"
#include "lib/bootstrap/failure_sentence.h"
#include "lib/bootstrap/locality.h"
#include "lib/bootstrap/tcp_control_plane.h"

namespace tutti {
namespace {

// Often at first, so that one of the answers is a quick one; then as often as the drift of two clocks, which shows with time,
// makes it worth while. A thousand ranks cost the service half a percent of a core.
int64_t IntervalAfter(int questions) { return (questions < 8 ? 5 : questions < 28 ? 500 : 2000) * kNsPerMs; }

// False if the run is none of a job of so many ranks. `num_finer`: how many of its groups are parts of hosts.
bool AppendRun(const HostRun& run, size_t num_finer, int size, Places* places) {
  const auto is_rank = [size](int rank) { return rank >= 0 && rank < size; };
  if (num_finer > kMaxHostPartDepth || run.groups.size() < num_finer ||
      run.groups.size() - num_finer > kMaxLocalityDepth) {
    return false;
  }
  if (places->hosts.empty()) {
    places->finer.resize(num_finer);
    places->wider.resize(run.groups.size() - num_finer);
  }
  if (!is_rank(run.host) || run.ranks > static_cast<size_t>(size) - places->hosts.size() ||
      num_finer != places->finer.size() || run.groups.size() != num_finer + places->wider.size() ||
      !std::all_of(run.groups.begin(), run.groups.end(), is_rank)) {
    return false;
  }
  places->hosts.insert(places->hosts.end(), run.ranks, run.host);
  for (size_t i = 0; i < run.groups.size(); ++i) {
    std::vector<int>& level = i < num_finer ? places->finer[i] : places->wider[i - num_finer];
    level.insert(level.end(), run.ranks, run.groups[i]);
  }
  return true;
}

}  // namespace

void TcpControlPlane::Watch() {
  // Reads before it sleeps: frames may have come behind the welcome. When the service is lost, this thread ends, and
  // Leave finds it ended.
  while (!stop_.load() && ReadMessages()) link_.Sleep(AskForClock());
}

int TcpControlPlane::AskForClock() {
  if (!follows_clock_.load()) return -1;
  const int64_t now_ns = RawClock().NowNs();
  if (now_ns >= ask_clock_at_ns_) {
    ask_clock_at_ns_ = now_ns + IntervalAfter(clock_questions_);
    if (clock_asked_ns_ == 0) {
      Message question = OfType(MessageType::kAskClock);
      question.request = static_cast<uint64_t>(now_ns);
      clock_asked_ns_ = now_ns;
      ++clock_questions_;
      link_.Send(EncodeMessage(question));
    }
  }
  return static_cast<int>((ask_clock_at_ns_ - now_ns) / kNsPerMs + 1);
}

bool TcpControlPlane::OnClock(const Message& message) {
  const int64_t heard_ns = RawClock().NowNs();
  // There is no other question while one has not been answered.
  if (clock_asked_ns_ == 0 || message.request != static_cast<uint64_t>(clock_asked_ns_)) return false;
  const int64_t asked_ns = std::exchange(clock_asked_ns_, 0);
  if (listener_ != nullptr && !stop_.load()) {
    listener_->OnServiceClock(asked_ns, static_cast<int64_t>(message.value), heard_ns);
  }
  return true;
}

bool TcpControlPlane::ReadMessages() {
  char buffer[16 * 1024];
  IoResult result;
  while (!stop_.load()) {
    absl::string_view body;
    switch (frames_.Take(&body)) {
      case FrameReader::Next::kBody: {
        Message message;
        if (DecodeMessage(body, &message) && OnMessage(message)) break;
        OnServiceLost("it sent a control message that breaks the protocol");
        return false;
      }
      case FrameReader::Next::kBroken:
        OnServiceLost("it sent a control frame of an impossible length");
        return false;
      case FrameReader::Next::kNeedMore:
        result = link_.Receive(buffer, sizeof buffer);
        if (result.would_block) return true;
        if (result.closed) {
          OnServiceLost(DescribeLoss(result));
          return false;
        }
        frames_.Append(absl::string_view(buffer, result.bytes));
        break;
    }
  }
  return true;
}

bool TcpControlPlane::OnMessage(const Message& message) {
  switch (message.type) {
    case MessageType::kAllJoined: {
      {
        std::lock_guard<std::mutex> lock(mutex_);
        if (places_.hosts.size() != static_cast<size_t>(size_)) return false;
        cards_[0] = message.card;
        word_ = message.sentence;
      }
      EndStart(absl::OkStatus());
      return true;
    }
    case MessageType::kStartFailed:
      EndStart(message.flag == 1 ? absl::DeadlineExceededError(message.sentence)
                                 : absl::UnavailableError(absl::StrCat("start-up failed: ", message.sentence)));
      return true;
    case MessageType::kMissing:
    case MessageType::kCards:
    case MessageType::kCounter:
    case MessageType::kActivities:
    case MessageType::kFailed:
      requests_.Complete(message);
      return true;
    case MessageType::kHosts: {
      std::lock_guard<std::mutex> lock(mutex_);
      return std::all_of(message.runs.begin(), message.runs.end(),
                         [&](const HostRun& run) { return AppendRun(run, message.flag, size_, &places_); });
    }
    case MessageType::kClock:
      return OnClock(message);
    case MessageType::kQuestion:
      OnQuestion(message);
      return true;
    case MessageType::kFailure:
      Deliver(message.report);
      return true;
    case MessageType::kLeft:
      OnLeft(message.ranks);
      return true;
    case MessageType::kServiceEnds: {
      {
        std::lock_guard<std::mutex> lock(mutex_);
        service_ended_ = true;
      }
      EndStart(absl::UnavailableError(message.sentence));
      requests_.FailAll(absl::UnavailableError(message.sentence));
      return true;
    }
    default:
      return false;
  }
}

void TcpControlPlane::OnQuestion(const Message& question) {
  if (listener_ == nullptr) return;
  Message answer = OfType(MessageType::kAnswer);
  answer.request = question.request;
  answer.activities.push_back(listener_->OnActivityQuestion(question.channel, question.sequence));
  answer.activities[0].rank = rank();
  answer.activities[0].answered = true;
  link_.Send(EncodeMessage(answer));
}

void TcpControlPlane::OnLeft(const std::vector<int>& ranks) {
  for (int left : ranks) {
    FailureReport report;
    report.kind = FailureKind::kPeerLeft;
    report.reporter = left;
    report.culprit = left;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      const auto card = cards_.find(left);
      report.sentence = LeftSentence(card == cards_.end() ? DescribeRank(left, "", 0)
                                                          : DescribeRank(left, card->second.host, card->second.pid));
    }
    Deliver(report);
  }
}

void TcpControlPlane::OnServiceLost(absl::string_view how) {
  FailureReport report;
  report.kind = FailureKind::kPeerDied;
  report.reporter = rank();
  report.culprit = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (service_ended_) return;  // announced
    const auto card = cards_.find(0);
    report.sentence = DiedSentence(
        card == cards_.end() ? DescribeRank(0, "", 0) : DescribeRank(0, card->second.host, card->second.pid), how);
  }
  const absl::Status lost = absl::UnavailableError(report.sentence);
  EndStart(lost);
  requests_.FailAll(lost);
  Deliver(report);
}

void TcpControlPlane::Deliver(const FailureReport& report) {
  TUTTI_LOG(kInfo, "heard: ", report.sentence);
  if (listener_ != nullptr && !stop_.load()) listener_->OnFailure(report);
}

void TcpControlPlane::EndStart(const absl::Status& result) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (start_ended_) return;
  start_ended_ = true;
  start_result_ = result;
  start_changed_.notify_all();
}

}  // namespace tutti
