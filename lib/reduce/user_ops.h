// SPDX-License-Identifier: Apache-2.0
// The process's table of reductions that applications defined. Each gets a number that is never given again, so that one which
// is gone is recognised.
//
// Any thread. Find takes no lock; an operation must not be removed while another thread looks it up.
#ifndef TUTTI_LIB_REDUCE_USER_OPS_H_
#define TUTTI_LIB_REDUCE_USER_OPS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "lib/reduce/user_op.h"

namespace tutti {

class UserOps {
 public:
  static constexpr int kFirstNumber = 1000;  // above all built-in operations
  static constexpr int kMaxOps = 1024;       // at a time

  static UserOps& OfProcess();

  // 0 if there are kMaxOps already.
  int Add(std::shared_ptr<const UserOp> op);
  // False if there is none of that number.
  bool Remove(int number);
  // nullptr if there is none of that number.
  const UserOp* Find(int number) const;
  // Of those that exist, the one with that fingerprint; "" if there is none.
  std::string NameOf(uint16_t fingerprint) const;

 private:
  struct Slot {
    std::atomic<const UserOp*> op{nullptr};
    std::atomic<int> number{0};
    int uses = 0;  // how often it was taken
    std::shared_ptr<const UserOp> owned;
  };

  mutable std::mutex mutex_;  // changes of the slots, and reading their names
  std::array<Slot, kMaxOps> slots_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_REDUCE_USER_OPS_H_
