// SPDX-License-Identifier: Apache-2.0
#include "broken_transport.h"

#include <cstring>
#include <deque>
#include <map>
#include <utility>
#include <vector>

namespace tutti::conformance {
namespace {

// What the endpoints of one fixture know of each other.
struct Shared {
  std::map<std::pair<int32_t, int32_t>, int> in_flight;  // by sender and receiver: posted sends less ended receives
  std::vector<absl::Span<std::byte>> lent_views;
};

class BrokenTransport final : public Transport {
 public:
  BrokenTransport(Transport& inner, int32_t rank, int32_t size, Defect defect, Shared& shared)
      : inner_(inner), rank_(rank), size_(size), defect_(defect), shared_(shared) {}

  const TransportCapabilities& capabilities() const override { return inner_.capabilities(); }
  const TransportCounters& counters() const override { return inner_.counters(); }
  std::string Address() const override { return inner_.Address(); }

  absl::Status Connect(int32_t peer, absl::string_view address) override {
    absl::Status status = inner_.Connect(peer, address);
    return Has(Defect::kTakesAnyAddress) ? absl::OkStatus() : status;
  }

  std::string PeerError(int32_t peer) const override {
    return defect_ == Defect::kFailuresHaveNoReason ? "" : inner_.PeerError(peer);
  }

  void CloseChannel(uint32_t channel) override {
    if (Has(Defect::kClosedChannelsLiveOn)) return;
    inner_.CloseChannel(channel);
    if (Has(Defect::kClosingTakesOthersAlong)) inner_.CloseChannel(channel + 1);
  }

  void ClosePeer(int32_t peer) override {
    inner_.ClosePeer(peer);
    if (Has(Defect::kClosePeerIsReported)) Later({.kind = CompletionKind::kPeerFailed, .peer = peer});
  }

  void PostSends(absl::Span<const SendRequest> requests) override {
    if (KeepsNoNotes()) return inner_.PostSends(requests);
    std::vector<SendRequest> altered(requests.begin(), requests.end());
    if (Has(Defect::kConfusesIds) && altered.size() > 2) std::swap(altered[0].id, altered[2].id);
    for (SendRequest& request : altered) {
      if (Has(Defect::kMixesUpChannels) && request.id.index == 0 && request.id.channel <= 1) request.id.channel ^= 1;
      held_.push_back(request);
    }
    Forward();
  }

  void PostRecvs(absl::Span<const RecvRequest> requests) override {
    for (const RecvRequest& request : requests) {
      if (!KeepsNoNotes()) recvs_[request.context] = request;
    }
    inner_.PostRecvs(requests);
  }

  void VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const override {
    if (defect_ != Defect::kHidesEarlyMessages) inner_.VisitEarly(visit);
  }

  size_t Poll(absl::Span<Completion> out) override {
    if (Has(Defect::kAllocates)) ::operator delete(::operator new(8));
    if (KeepsNoNotes()) return inner_.Poll(out);
    if (Has(Defect::kWritesPastTheCompletions)) out.data()[out.size()] = Completion();
    for (absl::Span<std::byte> view : shared_.lent_views) std::memset(view.data(), 0, view.size());
    shared_.lent_views.clear();
    Forward();
    size_t count = 0;
    for (; count < out.size() && !later_.empty(); ++count) {
      out[count] = later_.front();
      later_.pop_front();
    }
    if (count == out.size()) return count;
    std::vector<Completion> fresh(out.size() - count);
    fresh.resize(inner_.Poll(absl::MakeSpan(fresh)));
    if (Has(Defect::kSwapsViewParts)) SwapViewParts(fresh);
    for (size_t i = 0; i < fresh.size(); ++i) {
      if (!Alter(fresh[i])) continue;
      const size_t room = out.size() - count - (fresh.size() - i);
      if (Has(Defect::kRaggedViewParts) && fresh[i].kind == CompletionKind::kRecvView && fresh[i].bytes > 64 &&
          room > 0) {
        out[count] = fresh[i];
        out[count++].bytes = 63;
        fresh[i].view = static_cast<const std::byte*>(fresh[i].view) + 63;
        fresh[i].view_offset += 63;
        fresh[i].bytes -= 63;
      }
      out[count++] = fresh[i];
    }
    return count;
  }

  bool HasUnsentBytes() const override { return defect_ != Defect::kDeniesUnsentBytes && inner_.HasUnsentBytes(); }
  int wait_fd() const override { return inner_.wait_fd(); }
  bool PrepareToSleep() override { return later_.empty() && inner_.PrepareToSleep(); }

 private:
  bool Has(Defect defect) const { return defect_ == defect; }
  bool KeepsNoNotes() const { return Has(Defect::kAllocates) || Has(Defect::kNoneAndNoNotes); }
  void Later(const Completion& completion) { later_.push_back(completion); }
  Completion SendDone(const SendRequest& request) const { return {.peer = request.peer, .context = request.context}; }

  // Sends what the defect lets go.
  void Forward() {
    while (!held_.empty()) {
      SendRequest request = held_.front();
      int& in_flight = shared_.in_flight[{rank_, request.peer}];
      if (Has(Defect::kHoldsBackForGood) && in_flight >= 40) return;
      held_.pop_front();
      ++in_flight;
      const bool small = request.bytes <= capabilities().eager_bytes;
      if (Has(Defect::kLosesMessages) && ++num_sends_ % 7 == 0) {
        Later(SendDone(request));
        continue;
      }
      if (Has(Defect::kSendsAreDoneTooSoon)) Later(SendDone(request));
      if (Has(Defect::kKeepsWithoutBound) && small && request.bytes > 0) {
        const auto* data = static_cast<const std::byte*>(request.data);
        hoard_.emplace_back(data, data + request.bytes);
        request.data = hoard_.back().data();
        hoarded_[request.context] = true;
        Later(SendDone(request));
      }
      inner_.PostSends(absl::MakeConstSpan(&request, 1));
    }
  }

  // False: the caller is not told.
  bool Alter(Completion& done) {
    const bool is_send = done.kind == CompletionKind::kSendDone;
    const bool is_failure = done.kind == CompletionKind::kPeerFailed;
    if (is_failure) {
      for (int32_t peer = 0; Has(Defect::kFailureTakesOthersAlong) && peer < size_; ++peer) {
        if (peer != rank_) inner_.ClosePeer(peer);
      }
      if (Has(Defect::kReportsFailuresTwice)) Later(done);
      return !Has(Defect::kKeepsFailuresSecret);
    }
    if (is_send) {
      if (Has(Defect::kRepeatsSendCompletions)) Later(done);
      return !Has(Defect::kNeverCompletesSends) && !Has(Defect::kSendsAreDoneTooSoon) &&
             !hoarded_.contains(done.context);
    }
    AlterReceived(done);
    return true;
  }

  void AlterReceived(Completion& done) {
    const RecvRequest& request = recvs_[done.context];
    auto* data = static_cast<std::byte*>(request.data);
    auto* view = const_cast<std::byte*>(static_cast<const std::byte*>(done.view));
    const bool has_bytes = data != nullptr && request.bytes > 0;
    switch (done.kind) {
      case CompletionKind::kRecvDone:
        if (Has(Defect::kCorruptsBuffers) && has_bytes) data[request.bytes / 2] ^= std::byte{1};
        if (Has(Defect::kWritesBehindBuffers) && has_bytes) data[request.bytes] = std::byte{0};
        if (Has(Defect::kRepeatsRecvCompletions)) Later(done);
        break;
      case CompletionKind::kRecvView:
        if (Has(Defect::kCorruptsViews)) view[done.bytes / 2] ^= std::byte{1};
        if (Has(Defect::kViewsEndEarly)) shared_.lent_views.emplace_back(view, done.bytes);
        break;
      case CompletionKind::kMismatch:
        if (Has(Defect::kMismatchTellsNothing)) done.remote_signature = 0;
        if (Has(Defect::kMismatchMovesBytes) && has_bytes) data[0] = std::byte{0};
        if (Has(Defect::kDeliversMismatches)) done.kind = CompletionKind::kRecvDone;
        break;
      default:
        break;
    }
    if (Has(Defect::kLosesStamps)) done.stamp = {};
    if (Has(Defect::kMixesUpStamps)) std::swap(done.stamp, last_stamp_);
    const bool ended = done.kind != CompletionKind::kRecvView || done.view_offset + done.bytes == request.bytes;
    if (ended) --shared_.in_flight[{done.peer, rank_}];
  }

  static void SwapViewParts(std::vector<Completion>& completions) {
    for (size_t i = 1; i < completions.size(); ++i) {
      const bool both_parts = completions[i - 1].kind == CompletionKind::kRecvView &&
                              completions[i].kind == CompletionKind::kRecvView &&
                              completions[i - 1].context == completions[i].context;
      if (both_parts) std::swap(completions[i - 1], completions[i]);
    }
  }

  Transport& inner_;
  const int32_t rank_;
  const int32_t size_;
  const Defect defect_;
  Shared& shared_;
  std::deque<SendRequest> held_;
  std::deque<Completion> later_;
  std::map<uint64_t, RecvRequest> recvs_;  // by context
  std::deque<std::vector<std::byte>> hoard_;
  std::map<uint64_t, bool> hoarded_;  // by context
  uint64_t num_sends_ = 0;
  MessageStamp last_stamp_;
};

class BrokenFixture final : public ConformanceFixture {
 public:
  BrokenFixture(std::unique_ptr<ConformanceFixture> inner, Defect defect) : inner_(std::move(inner)) {
    for (int32_t rank = 0; rank < inner_->size(); ++rank) {
      endpoints_.push_back(
          std::make_unique<BrokenTransport>(inner_->endpoint(rank), rank, inner_->size(), defect, shared_));
    }
  }

  int32_t size() const override { return inner_->size(); }
  Transport& endpoint(int32_t rank) override { return *endpoints_[static_cast<size_t>(rank)]; }
  bool Step() override { return inner_->Step(); }
  bool Kill(int32_t rank) override { return inner_->Kill(rank); }
  void Leave(int32_t rank) override { inner_->Leave(rank); }
  uint64_t max_unreceived_bytes() const override { return inner_->max_unreceived_bytes(); }

 private:
  std::unique_ptr<ConformanceFixture> inner_;
  Shared shared_;
  std::vector<std::unique_ptr<BrokenTransport>> endpoints_;
};

}  // namespace

std::unique_ptr<ConformanceFixture> WithDefect(std::unique_ptr<ConformanceFixture> fixture, Defect defect) {
  return std::make_unique<BrokenFixture>(std::move(fixture), defect);
}

}  // namespace tutti::conformance
