// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/pair.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti::verbs {
namespace {

constexpr size_t kPiecesPerRequest = 2;

absl::Status Failed(absl::string_view what, int error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", VerbsErrorName(error)));
}

// So that late packets of a queue pair that had the same number before are not taken for this one's.
uint32_t RandomPacketNumber() {
  uint32_t number = 0;
  (void)!::getrandom(&number, sizeof(number), 0);
  return number & 0xffffff;
}

}  // namespace

Pair::Pair(uint32_t depth) : depth_(depth), batch_(depth), pieces_(kPiecesPerRequest * depth) {
  notes_.Reserve(depth);
  signalled_.Reserve(depth);
}

absl::StatusOr<std::unique_ptr<Pair>> Pair::Create(const Device& device, ibv_cq* completions, ibv_srq* receives,
                                                   uint32_t depth) {
  std::unique_ptr<Pair> pair(new Pair(depth));
  ibv_qp_init_attr wanted = {};
  wanted.send_cq = wanted.recv_cq = completions;
  wanted.srq = receives;
  wanted.qp_type = IBV_QPT_RC;
  wanted.cap.max_send_wr = depth;
  wanted.cap.max_send_sge = kPiecesPerRequest;
  wanted.cap.max_inline_data = device.max_inline_bytes;
  pair->pair_.reset(::ibv_create_qp(device.domain.get(), &wanted));
  if (pair->pair_ == nullptr) return Failed("the device makes no more queue pairs", errno);
  pair->first_packet_ = RandomPacketNumber();
  ibv_qp_attr attributes = {};
  attributes.qp_state = IBV_QPS_INIT;
  attributes.port_num = device.port_number;
  attributes.qp_access_flags = IBV_ACCESS_REMOTE_WRITE;
  const int error = ::ibv_modify_qp(pair->pair_.get(), &attributes,
                                    IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
  if (error != 0) return Failed("a queue pair cannot be prepared", error);
  return pair;
}

PairAddress Pair::Address(const Device& device) const {
  PairAddress address;
  std::memcpy(address.gid, device.gid.gid.raw, sizeof(address.gid));
  address.lid = device.port.lid;
  address.mtu = static_cast<uint8_t>(device.port.active_mtu);
  address.number = pair_->qp_num;
  address.first_packet = first_packet_;
  return address;
}

absl::Status Pair::Connect(const Device& device, const PortOptions& options, const PairAddress& remote) {
  ibv_qp_attr ready = {};
  ready.qp_state = IBV_QPS_RTR;
  ready.path_mtu = std::min(device.port.active_mtu, static_cast<ibv_mtu>(remote.mtu));
  ready.dest_qp_num = remote.number;
  ready.rq_psn = remote.first_packet;
  ready.max_dest_rd_atomic = 0;
  ready.min_rnr_timer = static_cast<uint8_t>(options.rnr_timer_code);
  ready.ah_attr.dlid = remote.lid;
  ready.ah_attr.sl = static_cast<uint8_t>(options.service_level);
  ready.ah_attr.port_num = device.port_number;
  ready.ah_attr.is_global = device.is_ethernet() ? 1 : 0;
  if (device.is_ethernet()) {
    std::memcpy(ready.ah_attr.grh.dgid.raw, remote.gid, sizeof(remote.gid));
    ready.ah_attr.grh.sgid_index = static_cast<uint8_t>(device.gid.index);
    ready.ah_attr.grh.hop_limit = static_cast<uint8_t>(options.hop_limit);
    ready.ah_attr.grh.traffic_class = static_cast<uint8_t>(options.traffic_class);
  }
  int error = ::ibv_modify_qp(pair_.get(), &ready,
                              IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
                                  IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER);
  if (error != 0) {
    ibv_gid gid = {};
    std::memcpy(gid.raw, remote.gid, sizeof(remote.gid));
    return Failed(absl::StrCat(device.name, " has no path to ", GidName(gid)), error);
  }
  ibv_qp_attr send = {};
  send.qp_state = IBV_QPS_RTS;
  send.sq_psn = first_packet_;
  send.timeout = static_cast<uint8_t>(options.ack_timeout);
  send.retry_cnt = static_cast<uint8_t>(options.retry_count);
  send.rnr_retry = 7;  // for ever
  send.max_rd_atomic = 0;
  error = ::ibv_modify_qp(
      pair_.get(), &send,
      IBV_QP_STATE | IBV_QP_SQ_PSN | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_MAX_QP_RD_ATOMIC);
  if (error != 0) return Failed("a queue pair cannot be made to send", error);
  connected_ = true;
  return absl::OkStatus();
}

void Pair::Append(ibv_send_wr request, absl::Span<const ibv_sge> pieces, const Note& note) {
  ibv_sge* list = &pieces_[kPiecesPerRequest * num_appended_];
  std::copy(pieces.begin(), pieces.end(), list);
  request.wr_id = tag_;
  request.sg_list = list;
  request.num_sge = static_cast<int>(pieces.size());
  request.next = nullptr;
  if (num_appended_ > 0) batch_[num_appended_ - 1].next = &batch_[num_appended_];
  batch_[num_appended_++] = request;
  (void)notes_.Push(note);
}

int Pair::Flush() {
  if (num_appended_ == 0) return 0;
  batch_[num_appended_ - 1].send_flags |= IBV_SEND_SIGNALED;
  (void)signalled_.Push(static_cast<uint32_t>(num_appended_));
  num_appended_ = 0;
  ibv_send_wr* refused = nullptr;
  return ::ibv_post_send(pair_.get(), batch_.data(), &refused);
}

void Pair::TakeCompleted(absl::FunctionRef<void(const Note&)> visit) {
  if (signalled_.empty()) return;
  for (uint32_t left = signalled_.Pop(); left > 0; --left) visit(notes_.Pop());
}

void Pair::DropAll(absl::FunctionRef<void(const Note&)> visit) {
  pair_.reset();  // the device touches nothing of it from here on
  connected_ = false;
  while (!notes_.empty()) visit(notes_.Pop());
  signalled_.Clear();
  num_appended_ = 0;
}

}  // namespace tutti::verbs
