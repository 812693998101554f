// SPDX-License-Identifier: Apache-2.0
// How far the TCP transport is from the socket below it: ping-pong times and stream rates between two processes on
// loopback, next to the same exchange over a bare socket, in the same run, with the same spinning.
//
//   tutti-bench-tcp [rounds]     times, over so many rounds
//   tutti-bench-tcp counts       system calls and copies, exactly
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "tcp_counts.h"
#include "transports/tcp/tcp_transport.h"

namespace {

using tutti::Completion;
using tutti::CompletionKind;
using tutti::MonotonicClock;
using tutti::RecvRequest;
using tutti::SendRequest;
using tutti::tcp::TcpOptions;
using tutti::tcp::TcpTransport;

constexpr int64_t kPatienceNs = 60 * tutti::kNsPerSecond;

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "tutti-bench-tcp: %s\n", what);
  std::_Exit(1);
}

int64_t NowNs() { return MonotonicClock().NowNs(); }

// Every wait here spins, then offers the core: on a busy machine two spinning sides would only hold each other up.
class Spinner {
 public:
  void Idle() {
    if (++idle_ % 256 == 0) ::sched_yield();
  }

 private:
  uint32_t idle_ = 0;
};

struct Times {
  double p50_us, p99_us, max_us;
};

Times Summarize(std::vector<int64_t>& ns) {
  std::sort(ns.begin(), ns.end());
  const auto at = [&](double share) {
    const auto index = static_cast<size_t>(share * static_cast<double>(ns.size() - 1));
    return static_cast<double>(ns[index]) / 1e3;
  };
  return {at(0.5), at(0.99), at(1.0)};
}

void RawSend(int fd, const uint8_t* data, size_t bytes) {
  Spinner spinner;
  while (bytes > 0) {
    const ssize_t n = ::send(fd, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) Die("raw send failed");
    if (n < 0) spinner.Idle();
    if (n > 0) {
      data += n;
      bytes -= static_cast<size_t>(n);
    }
  }
}

void RawRecv(int fd, uint8_t* data, size_t bytes) {
  Spinner spinner;
  while (bytes > 0) {
    const ssize_t n = ::recv(fd, data, bytes, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN)) Die("raw receive failed");
    if (n < 0) spinner.Idle();
    if (n > 0) {
      data += n;
      bytes -= static_cast<size_t>(n);
    }
  }
}

struct Side {
  int rank;
  int fd;  // the bare socket
  std::unique_ptr<TcpTransport> transport;
  uint64_t sequence = 0;
  std::vector<uint8_t> out = std::vector<uint8_t>(64 << 20, 1);
  std::vector<uint8_t> in = std::vector<uint8_t>(64 << 20, 2);

  // Polls until `sends` and `recvs` have completed.
  void Wait(int sends, int recvs) {
    std::array<Completion, 64> completions;
    const int64_t deadline_ns = NowNs() + kPatienceNs;
    int polls = 0;
    Spinner spinner;
    while (sends > 0 || recvs > 0) {
      const size_t n = transport->Poll(absl::MakeSpan(completions));
      if (n == 0) spinner.Idle();
      for (size_t i = 0; i < n; ++i) {
        const Completion& done = completions[i];
        if (done.kind == CompletionKind::kSendDone) --sends;
        if (done.kind == CompletionKind::kRecvDone) --recvs;
        if (done.kind == CompletionKind::kRecvView && done.view_offset + done.bytes == done.context) --recvs;
        if (done.kind == CompletionKind::kPeerFailed) Die(transport->PeerError(done.peer).c_str());
      }
      if (++polls % 65536 == 0 && NowNs() > deadline_ns) Die("nothing moves any more");
    }
  }
  void PostSend(uint64_t bytes, uint32_t index = 0) {
    const SendRequest send{1 - rank, {1, index, sequence}, 7, out.data(), bytes, bytes};
    transport->PostSends(absl::MakeConstSpan(&send, 1));
  }
  void PostRecv(uint64_t bytes, bool view, uint32_t index = 0) {
    const RecvRequest recv{1 - rank, {1, index, sequence}, 7, view ? nullptr : in.data(), bytes, bytes};
    transport->PostRecvs(absl::MakeConstSpan(&recv, 1));
  }
};

std::vector<int64_t> PingPong(Side& side, uint64_t bytes, int rounds, const std::string& kind) {
  std::vector<int64_t> half_ns;
  for (int round = -rounds / 10; round < rounds; ++round) {
    const int64_t begin_ns = NowNs();
    ++side.sequence;
    if (kind == "raw") {
      if (side.rank == 0) RawSend(side.fd, side.out.data(), bytes);
      RawRecv(side.fd, side.in.data(), bytes);
      if (side.rank == 1) RawSend(side.fd, side.out.data(), bytes);
    } else {
      side.PostRecv(bytes, kind == "view");
      if (side.rank == 0) {
        side.PostSend(bytes);
        side.Wait(1, 1);
      } else {
        side.Wait(0, 1);
        side.PostSend(bytes);
        side.Wait(1, 0);
      }
    }
    if (round >= 0) half_ns.push_back((NowNs() - begin_ns) / 2);
  }
  return half_ns;
}

// GB/s from rank 0 to rank 1; `window` messages are posted at a time.
double Stream(Side& side, uint64_t bytes, int count, int window, const std::string& kind) {
  int64_t begin_ns = 0;
  for (int round = -2; round < count / window; ++round) {
    if (round == 0) begin_ns = NowNs();
    ++side.sequence;
    if (kind == "raw") {
      for (int i = 0; i < window; ++i) {
        if (side.rank == 0) RawSend(side.fd, side.out.data(), bytes);
        if (side.rank == 1) RawRecv(side.fd, side.in.data(), bytes);
      }
    } else {
      for (int i = 0; i < window; ++i) {
        if (side.rank == 0) side.PostSend(bytes, static_cast<uint32_t>(i));
        if (side.rank == 1) side.PostRecv(bytes, kind == "view", static_cast<uint32_t>(i));
      }
      side.Wait(side.rank == 0 ? window : 0, side.rank == 1 ? window : 0);
    }
  }
  // The last byte has arrived when the answer comes.
  uint8_t answer = 0;
  if (side.rank == 1) RawSend(side.fd, &answer, 1);
  if (side.rank == 0) RawRecv(side.fd, &answer, 1);
  const double seconds = static_cast<double>(NowNs() - begin_ns) / 1e9;
  return static_cast<double>(bytes) * window * (count / window) / seconds / 1e9;
}

void Run(Side& side, int rounds) {
  const bool speak = side.rank == 0;
  const auto counters = [&] { return side.transport->counters(); };
  if (speak) {
    std::printf("%-10s %-6s %10s %10s %10s %14s\n", "ping-pong", "way", "p50 us", "p99 us", "max us", "calls/message");
  }
  for (const uint64_t bytes : {8u, 1024u, 16384u, 65536u, 1048576u}) {
    const int n = bytes >= 65536 ? std::max(50, rounds / 20) : rounds;
    for (const char* kind : {"raw", "buffer", "view"}) {
      const auto before = counters();
      std::vector<int64_t> half_ns = PingPong(side, bytes, n, kind);
      const auto after = counters();
      const Times times = Summarize(half_ns);
      const double messages = static_cast<double>(after.messages_sent - before.messages_sent + after.messages_received -
                                                  before.messages_received);
      const double calls = static_cast<double>(after.system_calls - before.system_calls);
      if (speak) {
        std::printf("%-10llu %-6s %10.2f %10.2f %10.2f %14.2f\n", static_cast<unsigned long long>(bytes), kind,
                    times.p50_us, times.p99_us, times.max_us, messages > 0 ? calls / messages : 0.0);
        std::fflush(stdout);
      }
    }
  }
  if (speak) std::printf("\n%-10s %-6s %10s %14s %12s\n", "stream", "way", "GB/s", "calls/message", "copied");
  for (const uint64_t bytes : {64u, 4096u, 65536u, 1048576u, 16777216u}) {
    const int window = bytes > 1048576 ? 4 : 64;
    const int count = bytes <= 4096 ? 64 * 500 : bytes <= 1048576 ? static_cast<int>((2u << 30) / bytes / 8) : 64;
    for (const char* kind : {"raw", "buffer", "view"}) {
      const auto before = counters();
      const double rate = Stream(side, bytes, std::max(count, window * 4), window, kind);
      const auto after = counters();
      // The receiver's numbers are the ones that tell.
      double told[2] = {static_cast<double>(after.system_calls - before.system_calls),
                        static_cast<double>(after.payload_bytes_copied - before.payload_bytes_copied)};
      const double received[2] = {static_cast<double>(after.messages_received - before.messages_received),
                                  static_cast<double>(after.payload_bytes_received - before.payload_bytes_received)};
      if (side.rank == 1) {
        told[0] /= std::max(1.0, received[0]);
        told[1] /= std::max(1.0, received[1]);
        RawSend(side.fd, reinterpret_cast<uint8_t*>(told), sizeof(told));
      } else {
        RawRecv(side.fd, reinterpret_cast<uint8_t*>(told), sizeof(told));
        std::printf("%-10llu %-6s %10.3f %14.2f %11.1f%%\n", static_cast<unsigned long long>(bytes), kind, rate,
                    told[0], 100 * told[1]);
        std::fflush(stdout);
      }
    }
  }
}

int RawConnection(int listener, const sockaddr_in& address, int rank) {
  const int one = 1;
  int fd = -1;
  if (rank == 0) {
    fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) Die("raw connect failed");
  } else {
    fd = ::accept(listener, nullptr, nullptr);
  }
  if (fd < 0) Die("raw connection failed");
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return fd;
}

uint64_t FromEnv(const char* name, uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "counts") return tutti::bench::PrintTcpCounts() ? 0 : 1;
  const int rounds = argc > 1 ? std::max(100, std::atoi(argv[1])) : 5000;
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener, 1) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    Die("cannot listen on loopback");
  }
  const pid_t child = ::fork();
  if (child < 0) Die("cannot fork");
  Side side;
  side.rank = child == 0 ? 1 : 0;
  side.fd = RawConnection(listener, address, side.rank);

  TcpOptions options;
  options.rank = side.rank;
  options.size = 2;
  options.bind_address = "127.0.0.1";
  options.secret = "benchmark";
  // Knobs to measure the defaults against.
  options.eager_bytes = FromEnv("EAGER", options.eager_bytes);
  options.segment_bytes = FromEnv("SEGMENT", options.segment_bytes);
  options.receive_buffer_bytes = FromEnv("BUFFER", options.receive_buffer_bytes);
  options.burst_bytes = FromEnv("BURST", options.burst_bytes);
  options.socket_send_bytes = static_cast<int>(FromEnv("SNDBUF", 0));
  options.socket_receive_bytes = static_cast<int>(FromEnv("RCVBUF", 0));
  auto transport = TcpTransport::Create(options);
  if (!transport.ok()) Die(transport.status().ToString().c_str());
  side.transport = *std::move(transport);
  const std::string mine = side.transport->Address();
  std::string theirs(mine.size(), '\0');
  RawSend(side.fd, reinterpret_cast<const uint8_t*>(mine.data()), mine.size());
  RawRecv(side.fd, reinterpret_cast<uint8_t*>(theirs.data()), theirs.size());
  if (!side.transport->Connect(1 - side.rank, theirs).ok()) Die("connect failed");
  Run(side, rounds);
  if (side.rank == 1) std::_Exit(0);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0 ? 0 : 1;
}
