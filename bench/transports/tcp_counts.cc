// SPDX-License-Identifier: Apache-2.0
#include "tcp_counts.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "transports/tcp/tcp_transport.h"

namespace tutti::bench {
namespace {

struct End {
  std::unique_ptr<tcp::TcpTransport> transport;
  int sends_left = 0;
  int recvs_left = 0;

  void Poll() {
    std::array<Completion, 64> completions;
    const size_t n = transport->Poll(absl::MakeSpan(completions));
    for (size_t i = 0; i < n; ++i) {
      const Completion& done = completions[i];
      if (done.kind == CompletionKind::kSendDone) --sends_left;
      if (done.kind == CompletionKind::kRecvDone) --recvs_left;
      if (done.kind == CompletionKind::kRecvView && done.view_offset + done.bytes == done.context) --recvs_left;
    }
  }
};

bool Exchange(std::array<End, 2>& ends, uint64_t sequence, uint32_t batch, uint64_t bytes, bool by_view, bool early,
              std::vector<uint8_t>& out, std::vector<uint8_t>& in) {
  std::vector<SendRequest> sends;
  std::vector<RecvRequest> recvs;
  for (uint32_t i = 0; i < batch; ++i) {
    sends.push_back({1, {1, i, sequence}, 7, out.data(), bytes, bytes});
    recvs.push_back({0, {1, i, sequence}, 7, by_view ? nullptr : in.data(), bytes, bytes});
  }
  ends[0].sends_left = ends[1].recvs_left = static_cast<int>(batch);
  if (early) {
    ends[0].transport->PostSends(sends);
    ends[0].Poll();
    ends[1].Poll();
  }
  ends[1].transport->PostRecvs(recvs);
  if (!early) {
    if (bytes > ends[1].transport->capabilities().eager_bytes) ends[1].Poll();  // READY leaves
    ends[0].transport->PostSends(sends);
  }
  for (int tries = 0; tries < 100000; ++tries) {
    if (ends[0].sends_left > 0) ends[0].Poll();
    if (ends[1].recvs_left > 0) ends[1].Poll();
    if (ends[0].sends_left <= 0 && ends[1].recvs_left <= 0) return true;
  }
  return false;
}

}  // namespace

bool PrintTcpCounts() {
  std::array<End, 2> ends;
  for (int32_t rank = 0; rank < 2; ++rank) {
    tcp::TcpOptions options;
    options.rank = rank;
    options.size = 2;
    options.bind_address = "127.0.0.1";
    options.secret = "benchmark";
    auto transport = tcp::TcpTransport::Create(options);
    if (!transport.ok()) return false;
    ends[static_cast<size_t>(rank)].transport = *std::move(transport);
  }
  if (!ends[0].transport->Connect(1, ends[1].transport->Address()).ok() ||
      !ends[1].transport->Connect(0, ends[0].transport->Address()).ok()) {
    return false;
  }
  std::vector<uint8_t> out(16 << 20, 1);
  std::vector<uint8_t> in(16 << 20, 2);
  uint64_t sequence = 0;
  std::printf("%-10s %6s %-7s %-7s %12s %12s %14s\n", "bytes", "batch", "receive", "posted", "send calls", "recv calls",
              "copied bytes");
  for (const auto& [bytes, batch] :
       {std::pair<uint64_t, uint32_t>{8, 1}, {8, 32}, {16384, 1}, {65536, 1}, {16 << 20, 1}}) {
    for (const bool by_view : {false, true}) {
      for (const bool early : {false, true}) {
        constexpr int kRounds = 200;
        TransportCounters before[2];
        for (int round = -20; round < kRounds; ++round) {
          if (round == 0) {
            before[0] = ends[0].transport->counters();
            before[1] = ends[1].transport->counters();
          }
          if (!Exchange(ends, ++sequence, batch, bytes, by_view, early, out, in)) return false;
        }
        const double messages = static_cast<double>(kRounds) * batch;
        const auto per_message = [&](uint64_t now, uint64_t then) {
          return static_cast<double>(now - then) / messages;
        };
        const TransportCounters& sender = ends[0].transport->counters();
        const TransportCounters& receiver = ends[1].transport->counters();
        std::printf("%-10llu %6u %-7s %-7s %12.2f %12.2f %14.0f\n", static_cast<unsigned long long>(bytes), batch,
                    by_view ? "view" : "buffer", early ? "late" : "before",
                    per_message(sender.system_calls, before[0].system_calls),
                    per_message(receiver.system_calls, before[1].system_calls),
                    per_message(receiver.payload_bytes_copied + sender.payload_bytes_copied,
                                before[1].payload_bytes_copied + before[0].payload_bytes_copied));
      }
    }
  }
  return true;
}

}  // namespace tutti::bench
