// SPDX-License-Identifier: Apache-2.0
// Several TCP endpoints in one process, over loopback, driven by hand.
#ifndef TUTTI_TESTS_UNIT_TCP_TCP_TEST_UTIL_H_
#define TUTTI_TESTS_UNIT_TCP_TCP_TEST_UTIL_H_

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "lib/base/clock.h"
#include "lib/base/prng.h"
#include "transports/tcp/tcp_transport.h"

namespace tutti::tcp {

inline TcpOptions LoopbackOptions(int32_t rank, int32_t size) {
  TcpOptions options;
  options.rank = rank;
  options.size = size;
  options.bind_address = "127.0.0.1";
  options.secret = "a secret of the tests";
  return options;
}

inline std::unique_ptr<TcpTransport> MustCreate(const TcpOptions& options) {
  auto transport = TcpTransport::Create(options);
  EXPECT_TRUE(transport.ok()) << transport.status();
  return transport.ok() ? *std::move(transport) : nullptr;
}

// Bytes that a wrong offset, length or order would not give.
inline std::vector<uint8_t> Pattern(uint64_t bytes, uint64_t seed) {
  std::vector<uint8_t> pattern(bytes);
  Prng prng(seed);
  for (uint64_t at = 0; at < bytes; at += 8) {
    const uint64_t word = prng.Next();
    std::memcpy(&pattern[at], &word, std::min<uint64_t>(8, bytes - at));
  }
  return pattern;
}

struct Endpoint {
  std::unique_ptr<TcpTransport> transport;
  std::vector<Completion> completions;                             // `view` is only valid inside on_completion
  std::function<void(const Completion&)> on_completion = nullptr;  // called first

  bool PollOnce(size_t room = 64) {
    std::array<Completion, 64> out;
    const size_t n = transport->Poll(absl::MakeSpan(out).first(room));
    for (size_t i = 0; i < n; ++i) {
      if (on_completion) on_completion(out[i]);
      completions.push_back(out[i]);
    }
    return n > 0;
  }

  size_t Count(CompletionKind kind) const {
    size_t count = 0;
    for (const Completion& completion : completions) count += completion.kind == kind;
    return count;
  }
  const Completion* Find(CompletionKind kind) const {
    for (const Completion& completion : completions) {
      if (completion.kind == kind) return &completion;
    }
    return nullptr;
  }

  void Send(int32_t peer, const MessageId& id, const void* data, uint64_t bytes, uint64_t signature = 7,
            uint64_t context = 0) {
    const SendRequest request{peer, id, signature, data, bytes, context};
    transport->PostSends(absl::MakeConstSpan(&request, 1));
  }
  void Recv(int32_t peer, const MessageId& id, void* data, uint64_t bytes, uint64_t signature = 7,
            uint64_t context = 0) {
    const RecvRequest request{peer, id, signature, data, bytes, context};
    transport->PostRecvs(absl::MakeConstSpan(&request, 1));
  }
};

class Mesh {
 public:
  explicit Mesh(int32_t size, const std::function<void(TcpOptions&)>& adjust = nullptr) {
    for (int32_t rank = 0; rank < size; ++rank) {
      TcpOptions options = LoopbackOptions(rank, size);
      if (adjust) adjust(options);
      ends_.emplace_back();
      ends_.back().transport = MustCreate(options);
    }
  }

  Endpoint& operator[](size_t rank) { return ends_[rank]; }

  void ConnectAll() {
    for (size_t a = 0; a < ends_.size(); ++a) {
      for (size_t b = 0; b < ends_.size(); ++b) {
        if (a == b) continue;
        const absl::Status status = ends_[a].transport->Connect(static_cast<int32_t>(b), ends_[b].transport->Address());
        ASSERT_TRUE(status.ok()) << status;
      }
    }
  }

  void PollAll() {
    for (Endpoint& end : ends_) {
      if (end.transport != nullptr) end.PollOnce();
    }
  }

  // Polls everybody until `done`, at most 60 s: this must also hold on a slow machine under a sanitizer.
  [[nodiscard]] bool Until(const std::function<bool()>& done) {
    const int64_t deadline_ns = MonotonicClock().NowNs() + 60 * kNsPerSecond;
    while (!done()) {
      PollAll();
      if (MonotonicClock().NowNs() > deadline_ns) return done();
    }
    return true;
  }
  void PollFor(int64_t duration_ns) {
    const int64_t end_ns = MonotonicClock().NowNs() + duration_ns;
    while (MonotonicClock().NowNs() < end_ns) PollAll();
  }

  // Every pair has exchanged an empty message, so that all connections stand.
  void Warm() {
    const MessageId id{0xffffffff, 0, ++warm_sequence_};
    for (size_t a = 0; a < ends_.size(); ++a) {
      for (size_t b = 0; b < ends_.size(); ++b) {
        if (a == b) continue;
        ends_[a].Recv(static_cast<int32_t>(b), id, nullptr, 0);
        ends_[a].Send(static_cast<int32_t>(b), id, nullptr, 0);
      }
    }
    const size_t others = ends_.size() - 1;
    ASSERT_TRUE(Until([&] {
      for (Endpoint& end : ends_) {
        if (end.Count(CompletionKind::kRecvDone) < others || end.Count(CompletionKind::kSendDone) < others)
          return false;
      }
      return true;
    }));
    for (Endpoint& end : ends_) end.completions.clear();
  }

 private:
  std::vector<Endpoint> ends_;
  uint64_t warm_sequence_ = 0;
};

}  // namespace tutti::tcp

#endif  // TUTTI_TESTS_UNIT_TCP_TCP_TEST_UTIL_H_
