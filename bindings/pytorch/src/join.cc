// SPDX-License-Identifier: Apache-2.0
#include "join.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "errors.h"
#include "store_exchange.h"

namespace tutti_torch {
namespace {

constexpr size_t kHostBytes = 64;

// Equal on two ranks if they run on the same kernel: they then share its cores.
std::vector<uint8_t> ThisHost() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  if (id.empty()) {
    std::array<char, kHostBytes> name{};
    if (gethostname(name.data(), name.size() - 1) == 0) id = name.data();
  }
  id.resize(kHostBytes);
  return {id.begin(), id.end()};
}

// The launcher's variables (LOCAL_RANK ...) speak of the whole job, not of this group: so the ranks tell each other.
void FindPlaceOnHost(StoreExchange* exchange, tutti_comm_config_t* config) {
  const std::vector<uint8_t> mine = ThisHost();
  const std::vector<uint8_t> all = exchange->Gather(mine);
  config->local_rank = 0;
  config->local_size = 0;
  for (int r = 0; r < config->size; ++r) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(kHostBytes) * r;
    if (!std::equal(mine.begin(), mine.end(), begin)) continue;
    ++config->local_size;
    if (r < config->rank) ++config->local_rank;
  }
}

}  // namespace

tutti_comm_t Join(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, std::chrono::milliseconds timeout) {
  StoreExchange exchange(store, rank, size, timeout);
  tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
  config.rank = rank;
  config.size = size;
  config.timeout_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(timeout).count();
  config.exchange = &StoreExchange::Callback;
  config.exchange_context = &exchange;
  try {
    FindPlaceOnHost(&exchange, &config);
  } catch (const std::exception& e) {
    Fail("making a process group", e.what());
  }
  tutti_comm_t comm = nullptr;
  const tutti_status_t status = tutti_comm_create(&config, &comm);
  if (status != TUTTI_OK) {
    const std::string cause = exchange.error().empty() ? "" : " (" + exchange.error() + ")";
    Fail("making a process group", LastSentence(status) + cause);
  }
  return comm;
}

}  // namespace tutti_torch
