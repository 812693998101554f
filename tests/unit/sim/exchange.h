// SPDX-License-Identifier: Apache-2.0
// Helpers for tests of the simulated network: posting one message, and collecting completions while time passes.
#ifndef TUTTI_TESTS_UNIT_SIM_EXCHANGE_H_
#define TUTTI_TESTS_UNIT_SIM_EXCHANGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/prng.h"
#include "transports/sim/network.h"

namespace tutti::sim {

inline std::vector<std::byte> RandomBytes(uint64_t bytes, uint64_t seed) {
  Prng prng(seed);
  std::vector<std::byte> data(bytes);
  for (std::byte& byte : data) byte = static_cast<std::byte>(prng.Next());
  return data;
}

struct Seen {
  int32_t rank = -1;
  int64_t time_ns = 0;
  Completion completion;
  std::vector<std::byte> view_bytes;
};

class Exchange {
 public:
  explicit Exchange(const NetworkOptions& options, bool connect = true) : network(options) {
    if (connect) network.ConnectAll();
  }

  void Send(int32_t from, int32_t to, uint32_t index, const std::vector<std::byte>& data, uint32_t channel = 0,
            uint64_t signature = 0) {
    const SendRequest request{to, MessageId{channel, index, 0}, signature, data.data(), data.size(), index};
    network.endpoint(from).PostSends(absl::MakeConstSpan(&request, 1));
  }

  void Recv(int32_t at, int32_t from, uint32_t index, std::vector<std::byte>& data, uint32_t channel = 0,
            uint64_t signature = 0) {
    const RecvRequest request{from, MessageId{channel, index, 0}, signature, data.data(), data.size(), index};
    network.endpoint(at).PostRecvs(absl::MakeConstSpan(&request, 1));
  }

  void RecvView(int32_t at, int32_t from, uint32_t index, uint64_t bytes) {
    const RecvRequest request{from, MessageId{0, index, 0}, 0, nullptr, bytes, index};
    network.endpoint(at).PostRecvs(absl::MakeConstSpan(&request, 1));
  }

  void PollAll() {
    std::array<Completion, 16> out;
    for (int32_t rank = 0; rank < network.size(); ++rank) {
      if (!network.Runs(rank)) continue;
      while (const size_t count = network.endpoint(rank).Poll(absl::MakeSpan(out))) {
        for (size_t i = 0; i < count; ++i) {
          Seen entry{rank, network.clock().NowNs(), out[i], {}};
          if (out[i].kind == CompletionKind::kRecvView) {
            const auto* view = static_cast<const std::byte*>(out[i].view);
            entry.view_bytes.assign(view, view + out[i].bytes);
          }
          seen.push_back(entry);
        }
      }
    }
  }

  // Until nothing will ever happen again.
  void Run() {
    do {
      PollAll();
    } while (network.AdvanceToNextEvent());
    PollAll();
  }

  size_t Count(int32_t rank, CompletionKind kind) const {
    size_t count = 0;
    for (const Seen& entry : seen) count += entry.rank == rank && entry.completion.kind == kind ? 1 : 0;
    return count;
  }

  Network network;
  std::vector<Seen> seen;
};

}  // namespace tutti::sim

#endif  // TUTTI_TESTS_UNIT_SIM_EXCHANGE_H_
