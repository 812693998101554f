// SPDX-License-Identifier: Apache-2.0
// Posting, moving and waiting. What is made of each completion is in exchange_completions.cc.
#include "exchange.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "lib/base/clock.h"
#include "watched_buffers.h"

namespace tutti::conformance {
namespace {

// Without any completion for so long, a wait is over. Generous: the machine may be busy with other tests.
constexpr int64_t kPatienceNs = 15 * kNsPerSecond;

// How many rounds Linger looks at an idle network.
constexpr int kLingerRounds = 60;

const char* SideName(Side side) {
  switch (side) {
    case Side::kIdle:
      return "not posted";
    case Side::kPosted:
      return "posted";
    case Side::kDone:
      return "done";
    case Side::kRefused:
      return "refused";
    case Side::kDropped:
      return "dropped";
  }
  return "?";
}

}  // namespace

Exchange::Exchange(ConformanceFixture& fixture, uint64_t seed) : fixture_(fixture), prng_(seed) {
  present_.assign(static_cast<size_t>(fixture.size()), true);
  lent_views_.resize(present_.size());
}

absl::Status Exchange::Connect(int32_t from, int32_t to) {
  return fixture_.endpoint(from).Connect(to, fixture_.endpoint(to).Address());
}

absl::Status Exchange::ConnectAll() {
  for (int32_t from = 0; from < fixture_.size(); ++from) {
    for (int32_t to = 0; to < fixture_.size(); ++to) {
      if (from == to) continue;
      absl::Status status = Connect(from, to);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

size_t Exchange::Add(const MessageSpec& spec) {
  Message message;
  message.spec = spec;
  message.seed = messages_.size() + 1;
  messages_.push_back(std::move(message));
  return messages_.size() - 1;
}

size_t Exchange::AddNext(MessageSpec spec) {
  spec.id.sequence = next_sequence_++;
  return Add(spec);
}

uint64_t Exchange::RecvBytes(const Message& message) const {
  return message.spec.mismatch ? message.spec.recv_bytes : message.spec.bytes;
}

// A completion's context says which message and which side; it is checked against the rank that it came up at.
void Exchange::PostSends(absl::Span<const size_t> messages) {
  std::vector<SendRequest> requests;
  for (size_t number : messages) {
    Message& message = messages_[number];
    const MessageSpec& spec = message.spec;
    message.send_buffer.resize(spec.bytes);
    FillPattern(message.seed, message.send_buffer.data(), spec.bytes);
    message.send = Side::kPosted;
    const void* data = spec.bytes > 0 ? message.send_buffer.data() : nullptr;
    requests.push_back(
        {spec.to, spec.id, spec.signature, data, spec.bytes, ContextOf(number, false), StampOf(message.seed)});
  }
  fixture_.endpoint(messages_[messages[0]].spec.from).PostSends(requests);
}

void Exchange::PostRecvs(absl::Span<const size_t> messages) {
  std::vector<RecvRequest> requests;
  for (size_t number : messages) {
    Message& message = messages_[number];
    const MessageSpec& spec = message.spec;
    const uint64_t bytes = RecvBytes(message);
    const uint64_t signature = spec.mismatch ? spec.recv_signature : spec.signature;
    void* data = nullptr;
    if (!spec.by_view) {
      message.recv_buffer.assign(bytes + 2 * kGuardBytes, kUntouched);
      data = message.recv_buffer.data() + kGuardBytes;
    }
    message.recv = Side::kPosted;
    requests.push_back({spec.from, spec.id, signature, data, bytes, ContextOf(number, true)});
  }
  fixture_.endpoint(messages_[messages[0]].spec.to).PostRecvs(requests);
}

bool Exchange::Finished(size_t number) const {
  const Message& message = messages_[number];
  return message.send != Side::kPosted && message.recv != Side::kPosted;
}

bool Exchange::Failed(int32_t rank, int32_t peer) const {
  return std::find(failures_.begin(), failures_.end(), std::pair(rank, peer)) != failures_.end();
}

void Exchange::DropSides(int32_t rank, absl::FunctionRef<bool(const Message&, int32_t peer)> concerns) {
  for (Message& message : messages_) {
    const MessageSpec& spec = message.spec;
    if (spec.from == rank && message.send == Side::kPosted && concerns(message, spec.to)) {
      message.send = Side::kDropped;
      // A transport that still reads it will now send what the receiver is watched not to get.
      std::fill(message.send_buffer.begin(), message.send_buffer.end(), kGivenUp);
    }
    if (spec.to == rank && message.recv == Side::kPosted && concerns(message, spec.from)) {
      message.recv = Side::kDropped;
      message.buffer_given_up = true;
      std::fill(message.recv_buffer.begin(), message.recv_buffer.end(), kGivenUp);
    }
  }
}

void Exchange::CloseChannel(int32_t rank, uint32_t channel) {
  fixture_.endpoint(rank).CloseChannel(channel);
  DropSides(rank, [&](const Message& message, int32_t) { return message.spec.id.channel == channel; });
}

void Exchange::ClosePeer(int32_t rank, int32_t peer) {
  fixture_.endpoint(rank).ClosePeer(peer);
  DropSides(rank, [&](const Message&, int32_t of_peer) { return of_peer == peer; });
}

bool Exchange::Kill(int32_t rank) {
  if (!fixture_.Kill(rank)) return false;
  present_[static_cast<size_t>(rank)] = false;
  lent_views_[static_cast<size_t>(rank)].clear();
  DropSides(rank, [](const Message&, int32_t) { return true; });
  return true;
}

void Exchange::Leave(int32_t rank) {
  fixture_.Leave(rank);
  present_[static_cast<size_t>(rank)] = false;
  lent_views_[static_cast<size_t>(rank)].clear();
  DropSides(rank, [](const Message&, int32_t) { return true; });
}

absl::Status Exchange::Pump(bool* moved) {
  bool ignored = false;
  if (moved == nullptr) moved = &ignored;
  *moved = false;
  for (int32_t rank = 0; rank < fixture_.size(); ++rank) {
    if (!present_[static_cast<size_t>(rank)]) continue;
    absl::Status status = PollRank(rank, moved);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Exchange::RunUntil(absl::FunctionRef<bool()> reached, absl::string_view what) {
  Clock& clock = MonotonicClock();
  int64_t deadline_ns = clock.NowNs() + kPatienceNs;
  for (;;) {
    bool moved = false;
    absl::Status status = Pump(&moved);
    if (!status.ok()) return status;
    if (reached()) return absl::OkStatus();
    if (moved) {
      deadline_ns = clock.NowNs() + kPatienceNs;
      continue;
    }
    if (!fixture_.Step()) {
      // What the last step brought has not been polled yet.
      status = Pump(&moved);
      if (!status.ok()) return status;
      if (reached()) return absl::OkStatus();
      if (!moved)
        return absl::DeadlineExceededError(
            absl::StrCat("waited for ", what, ", but nothing can happen any more", Missing()));
    }
    if (clock.NowNs() > deadline_ns) {
      return absl::DeadlineExceededError(
          absl::StrCat("waited for ", what, "; no completion for ", kPatienceNs / kNsPerSecond, " s", Missing()));
    }
  }
}

absl::Status Exchange::RunUntilFinished() {
  size_t first = 0;  // all before it have finished
  return RunUntil(
      [&] {
        while (first < messages_.size() && Finished(first)) ++first;
        return first == messages_.size();
      },
      "all messages to arrive");
}

absl::Status Exchange::Linger() {
  for (int idle = 0; idle < kLingerRounds;) {
    bool moved = false;
    absl::Status status = Pump(&moved);
    if (!status.ok()) return status;
    idle = moved ? 0 : idle + 1;
    if (!moved && !fixture_.Step()) idle = std::max(idle, kLingerRounds - 2);
  }
  for (size_t number = 0; number < messages_.size(); ++number) {
    absl::Status status = CheckRecvBuffer(number);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string Exchange::Describe(size_t number) const {
  const Message& message = messages_[number];
  const MessageSpec& spec = message.spec;
  return absl::StrCat("message ", number, " (rank ", spec.from, " -> ", spec.to, ", channel ", spec.id.channel,
                      " sequence ", spec.id.sequence, " index ", spec.id.index, ", ", spec.bytes, " bytes",
                      spec.by_view ? " by view" : "", "): send ", SideName(message.send), ", receive ",
                      SideName(message.recv));
}

std::string Exchange::Missing() const {
  constexpr int kMaxNamed = 3;
  std::string text;
  int unfinished = 0;
  for (size_t number = 0; number < messages_.size(); ++number) {
    if (Finished(number)) continue;
    if (unfinished++ < kMaxNamed) absl::StrAppend(&text, unfinished == 1 ? "; missing: " : "; ", Describe(number));
  }
  if (unfinished > kMaxNamed) absl::StrAppend(&text, "; and ", unfinished - kMaxNamed, " more");
  return text;
}

absl::Status Exchange::Broken(size_t message, absl::string_view what) const {
  return absl::FailedPreconditionError(absl::StrCat(Describe(message), ": ", what));
}

}  // namespace tutti::conformance
