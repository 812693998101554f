// SPDX-License-Identifier: Apache-2.0
// One connection as the service sees it: first a stranger who must prove, with messages of fixed size, that it belongs
// to the job, then a rank whose frames are read. It turns bytes into messages and back; what they mean is the core's.
#ifndef TUTTI_LIB_BOOTSTRAP_SERVICE_CONNECTION_H_
#define TUTTI_LIB_BOOTSTRAP_SERVICE_CONNECTION_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/base/unique_fd.h"
#include "lib/bootstrap/auth.h"
#include "lib/bootstrap/fork_guard.h"
#include "lib/bootstrap/frame.h"
#include "lib/bootstrap/message.h"

namespace tutti {

class ServiceConnection {
 public:
  // What this end presents to strangers; borrowed.
  struct Credentials {
    Mac job_key;
    Nonce job_nonce;
  };

  // id: the service's name for it. deadline_ns: until when the other end must have introduced itself.
  ServiceConnection(uint64_t id, UniqueFd fd, const Credentials* credentials, std::string remote, int64_t deadline_ns);

  // INPUT. Append what was received, then take messages until there is none.
  enum class Input {
    kMessage,  // *message is the next one; the first of a connection is always kIntroduce
    kNeedMore,
    kBroken,  // the other end does not belong here, or breaks the protocol: close (problem() says why)
  };
  void Append(absl::string_view bytes);
  Input Take(Message* message);

  // The introduction was accepted: this is that rank from now on.
  void BecomeRank(int rank);

  // OUTPUT. Queue appends; Flush sends what can be sent without blocking. False: the connection is lost, or the other
  // end has left more unread than can be an accident (problem() says which).
  void Queue(absl::string_view frame);
  bool Flush();
  bool has_output() const { return sent_ < output_.size(); }

  uint64_t id() const { return id_; }
  int fd() const { return fd_.get(); }
  int rank() const { return rank_; }  // -1: still a stranger
  const std::string& remote() const { return remote_; }
  const std::string& problem() const { return problem_; }
  int64_t deadline_ns() const { return deadline_ns_; }

  // The service's own notes.
  bool awaits_writable = false;  // as registered with epoll
  bool is_dirty = false;         // is in the list of connections to flush
  bool is_closed = false;        // lives on until the end of the round only
  bool close_when_flushed = false;

 private:
  enum class Stage : uint8_t { kHello, kProof, kIntroduction, kRank };

  Input Broken(std::string problem);

  const uint64_t id_;
  const UniqueFd fd_;
  const ForkGuard guard_;  // behind fd_: destroyed before it
  const Credentials* const credentials_;
  const std::string remote_;
  const int64_t deadline_ns_;
  Stage stage_ = Stage::kHello;
  int rank_ = -1;
  std::string handshake_;  // bytes of the message of fixed size that is arriving
  std::string hello_;
  std::string answer_;
  FrameReader frames_;
  std::string output_;
  size_t sent_ = 0;
  std::string problem_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_SERVICE_CONNECTION_H_
