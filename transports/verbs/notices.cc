// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/notices.h"

namespace tutti::verbs {
namespace {

constexpr uint64_t kSignature = 0x7665726273;

}  // namespace

void Notices::Await() {
  RecvRequest request;
  request.peer = peer_;
  request.id.channel = kNoticeChannel;
  request.id.sequence = num_awaited_++;
  request.signature = kSignature;
  request.data = in_.data();
  request.bytes = in_.size();
  request.context = kNoticeReceived;
  control_.PostRecvs({&request, 1});
}

void Notices::Say(const Notice& notice) {
  out_.emplace_back();
  EncodeNotice(notice, out_.back().data());
  SendRequest request;
  request.peer = peer_;
  request.id.channel = kNoticeChannel;
  request.id.sequence = num_said_++;
  request.signature = kSignature;
  request.data = out_.back().data();
  request.bytes = out_.back().size();
  request.context = kNoticeSent;
  control_.PostSends({&request, 1});
}

}  // namespace tutti::verbs
