// SPDX-License-Identifier: Apache-2.0
// How two ends meet: they introduce themselves, join one queue pair over each rail, and send a probe over each. The lower
// rank then says over which rail messages start. Rails whose probe comes through later carry large messages from then on;
// where none comes through, messages go over the control transport.
#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "transports/verbs/link.h"
#include "transports/verbs/link_depths.h"

namespace tutti::verbs {

void Link::Introduce() {
  const absl::Status status = Prepare();
  if (!status.ok()) {
    Fail(status.message());
    return;
  }
  notices_.Await();
  Notice notice;
  notice.kind = NoticeKind::kHello;
  notice.hello = Introduction();
  notices_.Say(notice);
}

absl::Status Link::Prepare() {
  num_rails_ = static_cast<uint32_t>(context_.rails.size());
  for (uint32_t rail = 0; rail < num_rails_; ++rail) {
    auto pair = MakePair({.rail = rail}, &paths_[rail].handle);
    if (!pair.ok()) return pair.status();
    paths_[rail].pair = *std::move(pair);
  }
  return absl::OkStatus();
}

Hello Link::Introduction() const {
  Hello hello;
  hello.num_rails = num_rails_;
  hello.primary_rail = context_.primary_rail;
  hello.pairs_per_rail = context_.options.pairs_per_rail;
  hello.falls_back = context_.options.falls_back;
  hello.slots = context_.options.slots_per_peer;
  hello.eager_bytes = context_.options.eager_bytes;
  hello.unexpected_bytes = context_.options.unexpected_bytes_per_peer;
  for (uint32_t rail = 0; rail < num_rails_; ++rail) hello.rails[rail] = IntroductionOf(rail);
  return hello;
}

RailHello Link::IntroductionOf(uint32_t rail) const {
  RailHello hello;
  hello.pair = paths_[rail].pair->Address(*context_.rails[rail]->device);
  hello.probe_key = context_.probes.remote_key(rail);
  hello.probe_address = reinterpret_cast<uintptr_t>(context_.probes.data(kProbeTarget));
  return hello;
}

void Link::OnNotice() {
  Notice notice;
  const char* wrong = notices_.Take(&notice);
  if (wrong != nullptr) {
    (void)BreakOff(wrong);
    return;
  }
  // A peer that has said goodbye says nothing more; the control transport must not call that a failure.
  if (notice.kind != NoticeKind::kGoodbye || state_ != State::kOverControl) notices_.Await();
  const bool names_rail = notice.kind == NoticeKind::kProbed || notice.kind == NoticeKind::kDown ||
                          notice.kind == NoticeKind::kRejoin || notice.joining > 0 ||
                          (notice.kind == NoticeKind::kStart && notice.rail != kNoRail);
  if ((names_rail && (!joined_ || notice.rail >= num_rails_)) || (notice.kind == NoticeKind::kHello && joined_)) {
    (void)BreakOff("a notice at the wrong time");
    return;
  }
  switch (notice.kind) {
    case NoticeKind::kHello:
      OnHello(notice.hello);
      return;
    case NoticeKind::kJoined:
      if (notice.joining > 0) {
        OnRejoined(notice);
        return;
      }
      peer_joined_ = true;
      if (joined_) ProbeAll();
      return;
    case NoticeKind::kRejoin:
      OnRejoin(notice);
      return;
    case NoticeKind::kProbed:
      if (notice.joining != paths_[notice.rail].joining) return;  // of an attempt that was given up
      (notice.is_good ? peer_probed_ : peer_failed_) |= BitOf(notice.rail);
      if (state_ == State::kOpen) context_.retry_waiters = true;
      Decide();
      SettleRejoining(notice.rail);
      return;
    case NoticeKind::kStart:
      if (state_ == State::kOpen && !is_leader() && notice.rail != kNoRail) {
        if (IsStalled() && (UpRails() & BitOf(notice.rail)) != 0) GoOn(notice.rail);  // else it was lost again
        return;
      }
      if (state_ != State::kHeld || is_leader() || (notice.rail != kNoRail && (probed_ & BitOf(notice.rail)) == 0)) {
        (void)BreakOff("a start over a rail that was not probed");
        return;
      }
      Start(notice.rail);
      return;
    case NoticeKind::kDown:
      OnDown(notice);
      return;
    case NoticeKind::kGoodbye:
      if (state_ != State::kOverControl) PeerLeft(notice.count, context_.clock.NowNs());
      return;
  }
}

void Link::OnHello(const Hello& hello) {
  remote_ = hello;
  eager_bytes_ = std::min(context_.options.eager_bytes, hello.eager_bytes);
  send_credit_.Grant(hello.unexpected_bytes);
  peer_slots_ = slot_credits_ = hello.slots;
  pairs_per_rail_ = std::min(context_.options.pairs_per_rail, hello.pairs_per_rail);
  for (uint32_t rail = hello.num_rails; rail < num_rails_; ++rail) {
    DropPath(paths_[rail], rail, [](const Pair::Note&) {});
  }
  num_rails_ = std::min(num_rails_, hello.num_rails);
  joined_ = true;
  for (uint32_t rail = 0; rail < num_rails_ && state_ == State::kHeld; ++rail) {
    const absl::Status status =
        paths_[rail].pair->Connect(*context_.rails[rail]->device, context_.options.port, hello.rails[rail].pair);
    if (!status.ok()) OnProbed(rail, false, status.message());
  }
  if (state_ != State::kHeld) return;
  Notice joined;
  joined.kind = NoticeKind::kJoined;
  notices_.Say(joined);
  if (peer_joined_) ProbeAll();
}

// A write as long as a packet of the path may be, so that what is only lost when it is long is found here, too. It meets no
// receive of the peer's; that its end acknowledges it shows that packets get through both ways.
void Link::Probe(uint32_t rail) {
  const Device& device = *context_.rails[rail]->device;
  const uint8_t mtu = std::min(static_cast<uint8_t>(device.port.active_mtu), remote_.rails[rail].pair.mtu);
  ibv_sge piece = {};
  piece.addr = reinterpret_cast<uintptr_t>(context_.probes.data(kProbeSource));
  piece.length = ProbeBytes(mtu);
  piece.lkey = context_.probes.local_key(rail);
  ibv_send_wr request = {};
  request.opcode = IBV_WR_RDMA_WRITE;
  request.wr.rdma.remote_addr = remote_.rails[rail].probe_address;
  request.wr.rdma.rkey = remote_.rails[rail].probe_key;
  Pair::Note note;
  note.is_probe = true;
  paths_[rail].pair->Append(request, absl::MakeSpan(&piece, 1), note);
  const int error = paths_[rail].pair->Flush();
  if (error != 0) OnProbed(rail, false, absl::StrCat(device.name, " refuses work: ", VerbsErrorName(error)));
}

void Link::ProbeAll() {
  for (uint32_t rail = 0; rail < num_rails_; ++rail) {
    if ((failed_ & BitOf(rail)) == 0) Probe(rail);
  }
}

void Link::OnProbed(uint32_t rail, bool is_good, absl::string_view why) {
  if (((probed_ | failed_) & BitOf(rail)) != 0) return;
  (is_good ? probed_ : failed_) |= BitOf(rail);
  if (!is_good) {
    why_not_ = std::string(why);
    if (num_rails_ > 1 && paths_[rail].joining == 0) {
      TUTTI_LOG(kWarn, "RDMA does not get through to rank ", peer_, " over ", context_.rails[rail]->device->name, ": ",
                why, "; this rail is not used for it");
    }
  }
  // Where messages most likely start, or go on, they may come before this end is told so.
  const bool is_next = IsStalled() || rail == std::min(context_.primary_rail, num_rails_ - 1);
  if (is_good && is_next && !AddSlots(rail)) return;
  Notice notice;
  notice.kind = NoticeKind::kProbed;
  notice.rail = rail;
  notice.is_good = is_good;
  notice.joining = paths_[rail].joining;
  notices_.Say(notice);
  if (state_ == State::kOpen) context_.retry_waiters = true;
  Decide();
  SettleRejoining(rail);
}

// The lower rank's choice: the rail that it likes best, else the first that works.
void Link::Decide() {
  if (state_ != State::kHeld || !is_leader()) return;
  const uint32_t open_questions = (BitOf(num_rails_) - 1) & ~UpRails() & ~failed_ & ~peer_failed_;
  const uint32_t liked = std::min(context_.primary_rail, num_rails_ - 1);
  uint32_t rail = kNoRail;
  if ((UpRails() & BitOf(liked)) != 0) {
    rail = liked;
  } else if ((open_questions & BitOf(liked)) != 0) {
    return;
  } else if (UpRails() != 0) {
    rail = static_cast<uint32_t>(std::countr_zero(UpRails()));
  } else if (open_questions != 0) {
    return;
  }
  if (rail != kNoRail && !AddSlots(rail)) return;
  Notice notice;
  notice.kind = NoticeKind::kStart;
  notice.rail = rail;
  notices_.Say(notice);
  Start(rail);
}

void Link::Start(uint32_t rail) {
  if (rail == kNoRail) {
    GoOverControl();
    return;
  }
  if (!AddSlots(rail)) return;
  frame_rail_ = rail;
  Open();
}

// False: the link failed.
bool Link::AddSlots(uint32_t rail) {
  Path& path = paths_[rail];
  if (path.has_slots) return true;
  Rail& used = *context_.rails[rail];
  absl::Status status = used.queue.Reserve(context_.options.slots_per_peer);
  if (status.ok()) {
    status = used.slots.AddPeer();
    if (!status.ok()) used.queue.Release(context_.options.slots_per_peer);
  }
  path.has_slots = status.ok();
  if (!status.ok()) Fail(status.message());
  return status.ok();
}

void Link::Open() {
  state_ = State::kOpen;
  --context_.num_held;
  unconfirmed_frames_.Reserve(kFrameDepth);
  const std::vector<EarlyFrame> frames = std::exchange(early_frames_, {});
  const std::vector<RecvRequest> recvs = std::exchange(held_recvs_, {});
  const std::vector<SendRequest> sends = std::exchange(held_sends_, {});
  for (const EarlyFrame& frame : frames) TakeFrame(frame.rail, frame.slot, frame.bytes);
  for (const RecvRequest& request : recvs) StartRecv(request);
  for (const SendRequest& request : sends) StartSend(request);
  Touch();
}

std::string Link::NoWaySentence() const {
  const Rail& rail = *context_.rails[std::min(context_.primary_rail, num_rails_ - 1)];
  ibv_gid gid = {};
  std::copy_n(remote_.rails[0].pair.gid, sizeof(gid.raw), gid.raw);
  return absl::StrCat("RDMA from ", rail.device->name, " (", GidName(rail.device->gid.gid),
                      ") does not get through to rank ", peer_, " (", GidName(gid),
                      "): ", why_not_.empty() ? "the peer's probe was not acknowledged" : why_not_);
}

void Link::GoOverControl() {
  if (!context_.options.falls_back || !remote_.falls_back) {
    Fail(absl::StrCat(NoWaySentence(), "; TUTTI_TRANSPORT does not name tcp, which could take its place"));
    return;
  }
  TUTTI_LOG(kWarn, NoWaySentence(),
            "; messages between the two go by TCP, which is slower. Check firewalls for UDP port "
            "4791, and that packets of ",
            ProbeBytes(remote_.rails[0].pair.mtu), " bytes and more get through (MTU)");
  state_ = State::kOverControl;
  --context_.num_held;
  ++context_.num_over_control;
  DropPairs();
  const std::vector<RecvRequest> recvs = std::exchange(held_recvs_, {});
  const std::vector<SendRequest> sends = std::exchange(held_sends_, {});
  waiting_recvs_ = waiting_sends_ = 0;
  context_.control->PostRecvs(recvs);
  context_.control->PostSends(sends);
}

}  // namespace tutti::verbs
