// SPDX-License-Identifier: Apache-2.0
// The calls that one thread has made since tutti_group_start, and how they are begun together: small ones of a kind become one
// operation, all are under way before any is waited for. It knows calls that have been checked, never raw arguments.
#ifndef TUTTI_LIB_CAPI_CALL_GROUP_H_
#define TUTTI_LIB_CAPI_CALL_GROUP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lib/comm/communicator.h"
#include "lib/engine/engine.h"
#include "tutti/collectives.h"

namespace tutti {

class CallGroup {
 public:
  // Of all of a communicator's small calls of a kind.
  static constexpr uint64_t kMostCallBytes = 32 * 1024;
  static constexpr uint64_t kMostFusedBytes = 256 * 1024;

  static CallGroup& OfThread();

  bool is_open() const { return depth_ > 0; }
  void Start() { ++depth_; }

  // While it is open. The call is copied, with all that it points to but buffers.
  void Add(tutti_comm_t comm, const CollectiveCall& call, const char* function, tutti_request_t* request);
  void Add(tutti_comm_t comm, const MessageCall& call, const char* function, tutti_request_t* request);
  // A call was refused; the last sentence of this thread says why.
  void Refused(tutti_status_t status);

  tutti_status_t End();

 private:
  static constexpr size_t kNone = ~size_t{0};

  struct Entry {
    tutti_comm_t comm = nullptr;
    const char* function = "";
    tutti_request_t* request = nullptr;
    bool is_message = false;
    bool is_scaled = false;
    CollectiveCall collective;
    MessageCall message;
    double scale = 1;
    std::unique_ptr<OwnedBlocks> blocks;
    size_t next_fused = kNone;     // entry that goes with this one
    bool goes_with_other = false;  // with one that was called before
    Operation* waited = nullptr;   // nullptr: nobody waits for it here
  };

  static bool CanBeFused(const Entry& entry);
  static uint64_t BytesOf(const Entry& entry);
  void Fuse();
  size_t FindOpen(const Entry& entry) const;
  void Begin(Entry& entry);
  void BeginFused(Entry& first);
  void Hand(Communicator& communicator, Entry& entry, Operation& operation);
  void Remember(tutti_status_t status);
  void WaitForAll();
  void Clear();

  // Calls of one kind that more may join.
  struct Bundle {
    size_t first;
    size_t last;
    uint64_t bytes;
  };

  int depth_ = 0;
  std::vector<Entry> entries_;
  std::vector<Bundle> bundles_;
  std::vector<Engine*> engines_;
  tutti_status_t error_ = TUTTI_OK;
  std::string sentence_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_CALL_GROUP_H_
