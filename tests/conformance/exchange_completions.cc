// SPDX-License-Identifier: Apache-2.0
// What an Exchange makes of each completion: was it owed, does it tell the truth, are the bytes right?
#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

#include "exchange.h"
#include "watched_buffers.h"

namespace tutti::conformance {
namespace {

constexpr size_t kMaxPollLength = 32;

// In the places of the array that Poll was not given.
constexpr uint64_t kForeignContext = 0xf0f0f0f0f0f0f0f0u;

}  // namespace

absl::Status Exchange::PollRank(int32_t rank, bool* moved) {
  absl::Status status = CheckLentViews(rank);
  if (!status.ok()) return status;
  const size_t length = poll_length_ > 0 ? poll_length_ : 1 + prng_.Below(kMaxPollLength);
  std::array<Completion, kMaxPollLength + 1> out;
  for (Completion& completion : out) completion.context = kForeignContext;
  const size_t count = fixture_.endpoint(rank).Poll(absl::MakeSpan(out.data(), length));
  if (count > length) {
    return absl::FailedPreconditionError(absl::StrCat("Poll of rank ", rank, " returned ", count, " of ", length));
  }
  for (size_t i = length; i < out.size(); ++i) {
    if (out[i].context == kForeignContext) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("Poll of rank ", rank, " wrote behind the ", length, " completions it was given room for"));
  }
  for (size_t i = 0; i < count; ++i) {
    status = Take(rank, out[i]);
    if (!status.ok()) return status;
  }
  *moved |= count > 0;
  return absl::OkStatus();
}

// Views of the last Poll must have lasted until now.
absl::Status Exchange::CheckLentViews(int32_t rank) {
  std::vector<LentView>& views = lent_views_[static_cast<size_t>(rank)];
  for (const LentView& view : views) {
    const uint64_t same = FirstDifference(messages_[view.message].seed, view.offset, view.data, view.bytes);
    if (same != view.bytes) {
      return Broken(view.message, absl::StrCat("the view at offset ", view.offset, " changed at its byte ", same,
                                               " before the next Poll"));
    }
  }
  views.clear();
  return absl::OkStatus();
}

absl::Status Exchange::Take(int32_t rank, const Completion& completion) {
  if (completion.kind == CompletionKind::kPeerFailed) return TakePeerFailed(rank, completion);
  const uint64_t number = (completion.context & ~kContextBase) >> 1;
  const bool is_recv = (completion.context & 1) != 0;
  if ((completion.context & kContextBase) != kContextBase || number >= messages_.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat("rank ", rank, " got a completion with a context that nobody posted: ", completion.context));
  }
  const Message& message = messages_[number];
  const MessageSpec& spec = message.spec;
  if (rank != (is_recv ? spec.to : spec.from)) return Broken(number, absl::StrCat("completed at rank ", rank));
  if (completion.peer != (is_recv ? spec.from : spec.to)) {
    return Broken(number, absl::StrCat("completed with peer ", completion.peer));
  }
  const Side side = is_recv ? message.recv : message.send;
  if (side != Side::kPosted) {
    return Broken(number,
                  absl::StrCat("its ", is_recv ? "receive" : "send",
                               side == Side::kDropped ? " completed after it was dropped" : " completed twice"));
  }
  if (is_recv == (completion.kind == CompletionKind::kSendDone)) {
    return Broken(number, "a send completed as a receive, or the other way round");
  }
  switch (completion.kind) {
    case CompletionKind::kSendDone:
      return TakeSendDone(rank, number);
    case CompletionKind::kRecvDone:
      return TakeRecvDone(rank, number, completion);
    case CompletionKind::kRecvView:
      return TakeView(rank, number, completion);
    case CompletionKind::kMismatch:
      return TakeMismatch(rank, number, completion);
    case CompletionKind::kPeerFailed:
      break;
  }
  return Broken(number, "completed with a kind that does not exist");
}

absl::Status Exchange::TakeSendDone(int32_t, size_t number) {
  Message& message = messages_[number];
  message.send = Side::kDone;
  // Done means that the buffer may be used again: so it is.
  std::fill(message.send_buffer.begin(), message.send_buffer.end(), kReused);
  return absl::OkStatus();
}

absl::Status Exchange::TakeRecvDone(int32_t rank, size_t number, const Completion& completion) {
  Message& message = messages_[number];
  if (message.spec.by_view && message.spec.bytes > 0) return Broken(number, "a view ended with kRecvDone");
  if (message.spec.mismatch) return Broken(number, "a mismatch was delivered as if it had matched");
  message.recv = Side::kDone;
  absl::Status status = CheckStamp(rank, number, completion.stamp);
  return status.ok() ? CheckRecvBuffer(number) : status;
}

absl::Status Exchange::TakeView(int32_t rank, size_t number, const Completion& part) {
  Message& message = messages_[number];
  const MessageSpec& spec = message.spec;
  if (!spec.by_view) return Broken(number, "a receive with a buffer completed by view");
  if (spec.mismatch) return Broken(number, "a mismatch was delivered as if it had matched");
  if (part.view_offset != message.viewed_bytes) {
    return Broken(number,
                  absl::StrCat("a view at offset ", part.view_offset, " where ", message.viewed_bytes, " was due"));
  }
  if (part.bytes == 0 || part.bytes > spec.bytes - part.view_offset) {
    return Broken(number, absl::StrCat("a view of ", part.bytes, " bytes at offset ", part.view_offset));
  }
  const bool last = part.view_offset + part.bytes == spec.bytes;
  if (!last && part.bytes % kViewGranularity != 0) {
    return Broken(number, absl::StrCat("a view of ", part.bytes, " bytes that is not the last: no multiple of ",
                                       kViewGranularity));
  }
  const auto* data = static_cast<const std::byte*>(part.view);
  const uint64_t same = FirstDifference(message.seed, part.view_offset, data, part.bytes);
  if (same != part.bytes) {
    return Broken(number, absl::StrCat("a wrong byte at offset ", part.view_offset + same, " of the message"));
  }
  message.viewed_bytes += part.bytes;
  if (last) {
    message.recv = Side::kDone;
    absl::Status status = CheckStamp(rank, number, part.stamp);
    if (!status.ok()) return status;
  }
  lent_views_[static_cast<size_t>(rank)].push_back({number, data, part.view_offset, part.bytes});
  return absl::OkStatus();
}

absl::Status Exchange::CheckStamp(int32_t rank, size_t number, const MessageStamp& stamp) const {
  const Message& message = messages_[number];
  const TransportCapabilities& capabilities = fixture_.endpoint(rank).capabilities();
  MessageStamp expected = StampOf(message.seed);
  if (capabilities.same_host_only && stamp.clock_bound == MessageStamp::kNoBound) {
    expected.clock_bound = MessageStamp::kNoBound;
  }
  const bool may_lack = !capabilities.stamps_large_messages && message.spec.bytes > capabilities.eager_bytes;
  if (stamp == expected || (may_lack && stamp == MessageStamp())) return absl::OkStatus();
  return Broken(number, absl::StrCat("came with a stamp of rank ", stamp.rank(), " at ", stamp.arrival_ns, " (error ",
                                     stamp.error_ns(), ", sent at ", stamp.sent_ns(), ", bound ", stamp.clock_bound,
                                     ") instead of its own, of rank ", expected.rank(), " at ", expected.arrival_ns));
}

absl::Status Exchange::TakeMismatch(int32_t, size_t number, const Completion& completion) {
  Message& message = messages_[number];
  const MessageSpec& spec = message.spec;
  if (!spec.mismatch) return Broken(number, "a mismatch of what matches");
  if (completion.remote_signature != spec.signature || completion.bytes != spec.bytes) {
    return Broken(
        number, absl::StrCat("kMismatch says that the sender's signature is ", completion.remote_signature,
                             " and its length ", completion.bytes, "; they are ", spec.signature, " and ", spec.bytes));
  }
  message.recv = Side::kRefused;
  return CheckRecvBuffer(number);
}

absl::Status Exchange::TakePeerFailed(int32_t rank, const Completion& completion) {
  const int32_t peer = completion.peer;
  const std::string what = absl::StrCat("rank ", rank, " was told that rank ", peer, " failed");
  const auto key = std::pair(rank, peer);
  if (std::find(allowed_failures_.begin(), allowed_failures_.end(), key) == allowed_failures_.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat(what, " (", fixture_.endpoint(rank).PeerError(peer), "), but it did not"));
  }
  if (completion.context != 0) return absl::FailedPreconditionError(absl::StrCat(what, ", with a context"));
  if (Failed(rank, peer)) return absl::FailedPreconditionError(absl::StrCat(what, " twice"));
  if (fixture_.endpoint(rank).PeerError(peer).empty()) {
    return absl::FailedPreconditionError(absl::StrCat(what, ", but PeerError does not say why"));
  }
  failures_.push_back(key);
  DropSides(rank, [&](const Message&, int32_t of_peer) { return of_peer == peer; });
  return absl::OkStatus();
}

absl::Status Exchange::CheckRecvBuffer(size_t number) const {
  const Message& message = messages_[number];
  const std::vector<std::byte>& buffer = message.recv_buffer;
  if (buffer.empty()) return absl::OkStatus();
  if (message.buffer_given_up) {
    if (IsFilledWith(buffer.data(), buffer.size(), kGivenUp)) return absl::OkStatus();
    return Broken(number, "its receive was dropped, and its buffer was written to afterwards");
  }
  const uint64_t bytes = buffer.size() - 2 * kGuardBytes;
  const std::byte* data = buffer.data() + kGuardBytes;
  if (!IsFilledWith(buffer.data(), kGuardBytes, kUntouched)) return Broken(number, "wrote before the receive's buffer");
  if (!IsFilledWith(data + bytes, kGuardBytes, kUntouched)) return Broken(number, "wrote behind the receive's buffer");
  if (message.recv == Side::kRefused && !IsFilledWith(data, bytes, kUntouched)) {
    return Broken(number, "a mismatch moved bytes into the receive's buffer");
  }
  if (message.recv != Side::kDone) return absl::OkStatus();
  const uint64_t same = FirstDifference(message.seed, 0, data, bytes);
  if (same != bytes) return Broken(number, absl::StrCat("a wrong byte at offset ", same));
  return absl::OkStatus();
}

}  // namespace tutti::conformance
