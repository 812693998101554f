// SPDX-License-Identifier: Apache-2.0
// The body of the service's thread: accepts, reads, writes, and lets the core decide. Everything in it belongs to that
// one thread; only Wake may be called from others.
#ifndef TUTTI_LIB_BOOTSTRAP_SERVICE_LOOP_H_
#define TUTTI_LIB_BOOTSTRAP_SERVICE_LOOP_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "lib/base/unique_fd.h"
#include "lib/bootstrap/fork_guard.h"
#include "lib/bootstrap/service.h"
#include "lib/bootstrap/service_connection.h"
#include "lib/bootstrap/service_core.h"

namespace tutti {

class ServiceLoop final : private ServiceCore::Outlet {
 public:
  ServiceLoop(UniqueFd listener, const Mac& job_key, int size, ServiceOptions options);

  absl::Status Prepare();  // before Run
  void Run();              // until Wake
  void Wake();

 private:
  void Send(int rank, absl::string_view frame) override;
  void OnAllJoined() override;

  bool Watch(int fd, uint64_t id);
  void Accept();
  void Read(ServiceConnection* connection);
  bool TakeMessages(ServiceConnection* connection);
  void TellClock(ServiceConnection* connection, const Message& question);
  bool Admit(ServiceConnection* connection, const Message& introduce);
  void Refuse(ServiceConnection* connection, const std::string& sentence);

  void Lose(ServiceConnection* connection, const std::string& how);  // closes, and tells the core of a rank
  void Close(ServiceConnection* connection);
  void DropOldestStranger(const char* why);

  int64_t Settle();  // what follows from a round of events; when to come back
  void MarkDirty(ServiceConnection* connection);
  void Flush();
  void FarewellAndClose();

  UniqueFd listener_;
  const ServiceOptions options_;
  ServiceConnection::Credentials credentials_;
  ServiceCore core_;
  UniqueFd epoll_;
  UniqueFd wake_;
  std::optional<ForkGuard> listener_guard_, epoll_guard_, wake_guard_;
  int64_t accept_again_ns_;

  uint64_t next_id_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<ServiceConnection>> connections_;  // by id
  std::vector<ServiceConnection*> by_rank_;
  std::deque<uint64_t> strangers_;         // ids in the order of arrival; some may have become ranks, or be gone
  std::vector<ServiceConnection*> dirty_;  // have something to send
  std::vector<std::unique_ptr<ServiceConnection>> closed_;  // until the end of the round, as dirty_ may name them
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_SERVICE_LOOP_H_
