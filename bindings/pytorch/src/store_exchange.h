// SPDX-License-Identifier: Apache-2.0
// The way by which the ranks of a group find each other: the key-value store that torch hands to every backend. Used while
// a group is made, and not afterwards.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_STORE_EXCHANGE_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_STORE_EXCHANGE_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <torch/csrc/distributed/c10d/Store.hpp>

namespace tutti_torch {

class StoreExchange {
 public:
  // `store` must be this group's alone, and fresh: torch prefixes the keys with the group's name, and torchrun with the
  // number of the attempt.
  StoreExchange(c10::intrusive_ptr<c10d::Store> store, int rank, int size, std::chrono::milliseconds timeout);

  // Every rank's contribution, in rank order. Collective: all ranks call it equally often, with as many bytes. Throws
  // what the store throws, and when the timeout passes a sentence that names the ranks that did not come.
  std::vector<uint8_t> Gather(const std::vector<uint8_t>& contribution);

  // For tutti_comm_config_t::exchange; `context` is the StoreExchange. What went wrong is in error() afterwards.
  static int Callback(void* context, const void* contribution, void* gathered, size_t bytes);
  const std::string& error() const { return error_; }

 private:
  std::string KeyOf(int rank) const;
  void WaitFor(const std::vector<std::string>& keys);

  const c10::intrusive_ptr<c10d::Store> store_;
  const int rank_;
  const int size_;
  const std::chrono::milliseconds timeout_;
  int round_ = 0;
  std::string error_;
};

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_STORE_EXCHANGE_H_
