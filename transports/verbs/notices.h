// SPDX-License-Identifier: Apache-2.0
// The notices between this rank and one peer, over the control transport: in order, as many as are needed. One more is
// always awaited, which is also what makes the control transport tell at once that a peer is gone.
#ifndef TUTTI_TRANSPORTS_VERBS_NOTICES_H_
#define TUTTI_TRANSPORTS_VERBS_NOTICES_H_

#include <array>
#include <cstdint>
#include <deque>

#include "lib/transport/transport.h"
#include "transports/verbs/wire.h"

namespace tutti::verbs {

// Of messages on the control transport that are notices; no communicator has it.
inline constexpr uint32_t kNoticeChannel = UINT32_MAX;
// The contexts of notices' completions. No user of a transport has them: the engine's have fewer bits.
inline constexpr uint64_t kNoticeReceived = UINT64_MAX;
inline constexpr uint64_t kNoticeSent = UINT64_MAX - 1;

class Notices {
 public:
  // `control` is borrowed and connected to the peer, or about to be.
  Notices(Transport& control, int32_t peer) : control_(control), peer_(peer) {}
  Notices(const Notices&) = delete;
  Notices& operator=(const Notices&) = delete;

  void Await();
  void Say(const Notice& notice);
  // The awaited one has come (kNoticeReceived). nullptr, or what is wrong with it.
  const char* Take(Notice* notice) { return DecodeNotice(in_.data(), notice); }
  // The oldest one that was said has left (kNoticeSent).
  void OnSent() { out_.pop_front(); }

 private:
  using Bytes = std::array<uint8_t, kNoticeBytes>;

  Transport& control_;
  const int32_t peer_;
  uint64_t num_said_ = 0;
  uint64_t num_awaited_ = 0;
  Bytes in_ = {};
  std::deque<Bytes> out_;  // not sent yet; their addresses do not change
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_NOTICES_H_
