// SPDX-License-Identifier: Apache-2.0
// A reduction that the application defines, as the inside of the library knows it.
#ifndef TUTTI_LIB_REDUCE_USER_OP_H_
#define TUTTI_LIB_REDUCE_USER_OP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "lib/base/dtype.h"

namespace tutti {

struct UserOpTraits {
  std::string name;
  bool commutes = true;
  uint32_t item_elements = 1;  // elements that belong together; a power of two
};

class UserOp : public std::enable_shared_from_this<UserOp> {
 public:
  // Items have at most this many bytes: transports hand over parts of that length and its multiples.
  static constexpr size_t kMaxItemBytes = 64;

  explicit UserOp(UserOpTraits traits);
  virtual ~UserOp() = default;
  UserOp(const UserOp&) = delete;
  UserOp& operator=(const UserOp&) = delete;

  // inout[i] = in[i] op inout[i], for `count` elements (whole items) that do not overlap and lie aligned for their items.
  virtual void Apply(const void* in, void* inout, size_t count, DataType type) const = 0;

  const UserOpTraits& traits() const { return traits_; }

  // What ranks compare: equal for equal traits.
  uint16_t fingerprint() const { return fingerprint_; }

 private:
  const UserOpTraits traits_;
  const uint16_t fingerprint_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_REDUCE_USER_OP_H_
