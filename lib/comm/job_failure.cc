// SPDX-License-Identifier: Apache-2.0
// Failures on their way from where they are noticed to the communicators they end.
#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "lib/comm/call.h"
#include "lib/comm/communicator.h"
#include "lib/comm/job.h"

namespace tutti {
namespace {

// People hear of an operation that does not finish long before its deadline: after three seconds, six, twelve and so on.
constexpr int64_t kStallsToNotice = 6;
bool IsNoticed(int64_t stalls) {
  return stalls % kStallsToNotice == 0 && std::has_single_bit(static_cast<uint64_t>(stalls / kStallsToNotice));
}

// Also of a peer's header, whose name may be any bytes.
std::string DescribeCodec(const CodedHeader& header) {
  return absl::StrCat("codec ", absl::CHexEscape(absl::string_view(header.Name().data(), header.Name().size())),
                      " for tensor ", header.tensor, ", step ", header.step);
}

}  // namespace

Outcome OutcomeOf(FailureKind kind) {
  switch (kind) {
    case FailureKind::kPeerDied:
    case FailureKind::kPeerLeft:
    case FailureKind::kTransport:
      return Outcome::kPeerFailed;
    case FailureKind::kTimeout:
      return Outcome::kTimeout;
    case FailureKind::kMismatch:
      return Outcome::kMismatch;
    case FailureKind::kAborted:
      return Outcome::kAborted;
    case FailureKind::kCodec:
      return Outcome::kCodecFailed;
  }
  return Outcome::kInternal;
}

void Job::FailAndReport(FailureKind kind, int32_t culprit, uint32_t channel, const std::string& sentence) {
  {
    std::lock_guard<std::mutex> lock(communicators_mutex_);
    auto it = communicators_.find(channel);
    if (it == communicators_.end() || !it->second->Fail(OutcomeOf(kind), sentence)) return;
  }
  control_plane_->Report(
      {.kind = kind, .reporter = options_.rank, .culprit = culprit, .channel = channel, .sentence = sentence});
}

void Job::OnFailure(const FailureReport& report) {
  if (report.kind == FailureKind::kPeerLeft) {
    std::lock_guard<std::mutex> lock(peers_mutex_);
    left_.emplace(report.culprit, report.sentence);
    return;
  }
  std::lock_guard<std::mutex> lock(communicators_mutex_);
  if (report.kind == FailureKind::kPeerDied || !communicators_.contains(report.channel)) unheard_.push_back(report);
  for (auto& [channel, communicator] : communicators_) {
    if (Concerns(report, *communicator)) communicator->Fail(OutcomeOf(report.kind), report.sentence);
  }
}

bool Job::Concerns(const FailureReport& report, const Communicator& communicator) {
  return report.kind == FailureKind::kPeerDied ? communicator.Contains(report.culprit)
                                               : communicator.channel() == report.channel;
}

Activity Job::OnActivityQuestion(uint32_t channel, uint64_t sequence) {
  std::lock_guard<std::mutex> lock(communicators_mutex_);
  auto it = communicators_.find(channel);
  Activity activity;
  if (it != communicators_.end()) activity = it->second->DescribeActivity(sequence);
  activity.rank = options_.rank;
  activity.answered = true;
  return activity;
}

void Job::OnPeerLost(int32_t peer, std::string why) {
  TUTTI_LOG(kInfo, "the connection to ", NameOf(peer), " is lost: ", why);
  lost_paths_.push_back({peer, std::move(why), DeadlineAfterNs(clock_.NowNs(), options_.verdict_grace_ns)});
}

void Job::OnTick(int64_t now_ns) {
  JudgeLostPaths(now_ns);
  JudgeStrays();
}

// A message for a collective that is over here: its sender called something else, in which nothing was due to it from here.
void Job::JudgeStrays() {
  EarlyMessage stray;
  const auto judge = [&](const EarlyMessage& message) {
    if ((message.id.index >> 31) != 0 || stray.peer >= 0) return;
    std::lock_guard<std::mutex> lock(communicators_mutex_);
    auto it = communicators_.find(message.id.channel);
    const bool over = it != communicators_.end() && message.id.sequence < it->second->completed() &&
                      !engine_->IsRunning(message.id.channel, message.id.sequence);
    if (over) stray = message;
  };
  for (const auto& transport : transports_) transport->VisitEarly(judge);
  if (stray.peer < 0) return;
  uint64_t signature = 0;
  {
    std::lock_guard<std::mutex> lock(communicators_mutex_);
    auto it = communicators_.find(stray.id.channel);
    if (it != communicators_.end()) signature = it->second->SignatureOf(stray.id.sequence);
  }
  ReportMismatch(signature == 0 ? "another operation" : DescribeSignature(signature), stray.peer,
                 DescribeSignature(stray.signature), stray.id.channel, stray.id.sequence);
}

void Job::JudgeLostPaths(int64_t now_ns) {
  while (!lost_paths_.empty() && now_ns >= lost_paths_.front().verdict_due_ns) {
    const LostPath lost = std::move(lost_paths_.front());
    lost_paths_.erase(lost_paths_.begin());
    const bool left = HasLeft(lost.peer);
    const std::string sentence =
        left ? absl::StrCat(NameOf(lost.peer), " left the job (it destroyed its communicator or exited) while ",
                            NameOf(options_.rank), " still waits for it. Do all ranks make the same calls?")
             : absl::StrCat(NameOf(options_.rank), " lost its connection to ", NameOf(lost.peer), ": ", lost.why,
                            ". Check the network between the two hosts, and that process.");
    std::vector<uint32_t> channels;
    {
      std::lock_guard<std::mutex> lock(communicators_mutex_);
      for (auto& [channel, communicator] : communicators_) {
        if (communicator->Contains(lost.peer) && communicator->outcome() == Outcome::kOk) channels.push_back(channel);
      }
    }
    for (uint32_t channel : channels) {
      FailAndReport(FailureKind::kTransport, lost.peer, channel, sentence);
    }
  }
}

void Job::OnWindowLost(const Operation& operation, std::string why) {
  FailAndReport(FailureKind::kTransport, options_.rank, operation.channel,
                absl::StrCat(NameOf(options_.rank), " could not make its part of the shared memory: ", why,
                             ". Free memory there, or set TUTTI_TRANSPORT=tcp."));
}

void Job::OnMismatch(const Operation& operation, int32_t peer, uint64_t bytes, uint64_t remote_signature,
                     uint64_t remote_bytes) {
  const Communicator& communicator = *static_cast<const Communicator*>(operation.owner);
  const std::string remote = remote_signature == operation.signature
                                 ? absl::StrCat("a message of ", remote_bytes, " bytes instead of ", bytes)
                                 : DescribeSignature(remote_signature);
  if (operation.is_message()) {
    FailAndReport(
        FailureKind::kMismatch, peer, operation.channel,
        absl::StrCat(NameOf(options_.rank), " called ", communicator.NameOf(operation), ", but ", NameOf(peer),
                     " called ", remote, ". Sender and receiver must give the same type and count."));
  } else {
    std::string here = DescribeSignature(operation.signature);
    if (operation.coded.codecs.contributions != nullptr) {
      absl::StrAppend(&here, ", with ", DescribeCodec(operation.coded.header));
    }
    ReportMismatch(here, peer, remote, operation.channel, operation.sequence);
  }
}

void Job::OnOtherCall(uint32_t channel, int32_t peer, uint64_t sequence, uint64_t signature,
                      uint64_t remote_signature) {
  if (signature != 0) {
    ReportMismatch(DescribeSignature(signature), peer, DescribeSignature(remote_signature), channel, sequence);
    return;
  }
  ReportMismatch("one thing", peer, "another then or before", channel, sequence);
}

void Job::ReportMismatch(const std::string& here, int32_t peer, const std::string& there, uint32_t channel,
                         uint64_t sequence) {
  FailAndReport(FailureKind::kMismatch, peer, channel,
                absl::StrCat(NameOf(options_.rank), " called ", here, " as operation ", sequence, " of communicator ",
                             channel, ", but ", NameOf(peer), " called ", there,
                             ". All ranks must call the same operations in the same order with the same arguments."));
}

void Job::OnCodecMismatch(const Operation& operation, int32_t peer, const CodedHeader& header) {
  const Communicator& communicator = *static_cast<const Communicator*>(operation.owner);
  const CodedHeader& own = operation.coded.header;
  const bool same = header.layout == own.layout && header.Name() == own.Name() && header.fingerprint != own.fingerprint;
  FailAndReport(FailureKind::kMismatch, peer, operation.channel,
                absl::StrCat(NameOf(options_.rank), " called ", communicator.NameOf(operation), ", with ",
                             DescribeCodec(own), ", but ", NameOf(peer), " called it with ", DescribeCodec(header),
                             same ? " (of another version)" : "",
                             ". All ranks must give the same codec, version, parameters, tensor and step."));
}

void Job::OnCodecFailure(const Operation& operation, bool encoding, std::string what, int status) {
  const Communicator& communicator = *static_cast<const Communicator*>(operation.owner);
  const std::string_view codec = operation.coded.header.Name();
  FailAndReport(
      FailureKind::kCodec, options_.rank, operation.channel,
      absl::StrCat("codec ", absl::string_view(codec.data(), codec.size()), " failed to ",
                   encoding ? "encode " : "decode ", what, " on ", NameOf(options_.rank), " in ",
                   communicator.NameOf(operation), ": it returned status ", status,
                   encoding ? ". Look for what the codec cannot encode in that rank's values."
                            : ". The bytes are not what this codec makes: do all ranks have the same build of it?"));
}

void Job::OnStall(const Operation& operation, bool first) {
  StalledOperation stalled = Describe(operation);
  TUTTI_LOG(kInfo, stalled.name, " still runs after ", stalled.running_ns / kNsPerMs, " ms: ", stalled.waits);
  static_cast<Communicator*>(operation.owner)->RememberWait(operation.sequence, stalled.waits);
  if (IsNoticed(operation.stalls)) {
    diagnostician_->ExamineLateness(std::move(stalled));
  } else if (first) {
    diagnostician_->ExamineStall(std::move(stalled));
  }
}

void Job::OnOverrun(const Operation& operation) { static_cast<Communicator*>(operation.owner)->TellOverrun(operation); }

void Job::OnDeadline(const Operation& operation) { diagnostician_->ExamineDeadline(Describe(operation)); }

}  // namespace tutti
