// SPDX-License-Identifier: Apache-2.0
#include "store_exchange.h"

#include <cstring>
#include <exception>
#include <stdexcept>
#include <utility>

namespace tutti_torch {

StoreExchange::StoreExchange(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
                             std::chrono::milliseconds timeout)
    : store_(std::move(store)), rank_(rank), size_(size), timeout_(timeout) {}

std::string StoreExchange::KeyOf(int rank) const {
  return "tutti/" + std::to_string(round_) + "/" + std::to_string(rank);
}

void StoreExchange::WaitFor(const std::vector<std::string>& keys) {
  try {
    store_->wait(keys, timeout_);
  } catch (const std::exception&) {
    std::string missing;
    for (int r = 0; r < size_; ++r) {
      if (!store_->check({keys[static_cast<size_t>(r)]})) missing += (missing.empty() ? "" : ", ") + std::to_string(r);
    }
    if (missing.empty()) throw;
    throw std::runtime_error("rank " + std::to_string(rank_) + " waited " + std::to_string(timeout_.count()) +
                             " ms in the store for rank(s) " + missing + " of " + std::to_string(size_) +
                             ", which did not come. Have they been started, and do all ranks make the same groups in "
                             "the same order?");
  }
}

std::vector<uint8_t> StoreExchange::Gather(const std::vector<uint8_t>& contribution) {
  store_->set(KeyOf(rank_), contribution);
  std::vector<std::string> keys;
  for (int r = 0; r < size_; ++r) keys.push_back(KeyOf(r));
  WaitFor(keys);
  std::vector<uint8_t> gathered;
  gathered.reserve(contribution.size() * keys.size());
  for (const std::string& key : keys) {
    const std::vector<uint8_t> value = store_->get(key);
    if (value.size() != contribution.size()) {
      throw std::runtime_error("the store's key " + key + " holds " + std::to_string(value.size()) +
                               " bytes instead of " + std::to_string(contribution.size()) +
                               ": is it left from an earlier run? Every run needs a fresh store or prefix.");
    }
    gathered.insert(gathered.end(), value.begin(), value.end());
  }
  ++round_;
  return gathered;
}

int StoreExchange::Callback(void* context, const void* contribution, void* gathered, size_t bytes) {
  auto* exchange = static_cast<StoreExchange*>(context);
  try {
    const auto* begin = static_cast<const uint8_t*>(contribution);
    const std::vector<uint8_t> all = exchange->Gather({begin, begin + bytes});
    std::memcpy(gathered, all.data(), all.size());
    return 0;
  } catch (const std::exception& e) {
    exchange->error_ = e.what();
  } catch (...) {
    exchange->error_ = "the store threw something that is no exception";
  }
  return 1;
}

}  // namespace tutti_torch
