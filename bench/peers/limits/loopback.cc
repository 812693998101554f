// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/limits/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/harness/statistics.h"
#include "bench/peers/limits/stopwatch.h"
#include "bench/peers/loop/pin.h"

namespace tutti::peers {
namespace {

void Require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) { Require(fd >= 0, "cannot make a socket"); }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }

  void SendAtOnce() const {
    const int on = 1;
    Require(::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0, "TCP_NODELAY");
  }

  void SendAll(const char* data, size_t bytes) const {
    while (bytes > 0) {
      const ssize_t sent = ::send(fd_, data, bytes, MSG_NOSIGNAL);
      Require(sent > 0, "send");
      data += sent;
      bytes -= static_cast<size_t>(sent);
    }
  }

  void ReceiveAll(char* data, size_t bytes, SocketWait wait) const {
    while (bytes > 0) {
      const ssize_t received = ::recv(fd_, data, bytes, wait == SocketWait::kPoll ? MSG_DONTWAIT : 0);
      if (received < 0 && errno == EAGAIN && wait == SocketWait::kPoll) continue;
      Require(received > 0, "recv");
      data += received;
      bytes -= static_cast<size_t>(received);
    }
  }

 private:
  const int fd_;
};

// Two ends of one connection over 127.0.0.1.
class Connection {
 public:
  Connection() : near_(::socket(AF_INET, SOCK_STREAM, 0)), far_(Connect(near_)) {
    near_.SendAtOnce();
    far_.SendAtOnce();
  }
  const Socket& near() const { return near_; }
  const Socket& far() const { return far_; }

 private:
  // Connects `near`; the other end.
  static int Connect(const Socket& near) {
    const Socket listener(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    Require(::bind(listener.fd(), generic, length) == 0, "bind");
    Require(::listen(listener.fd(), 1) == 0, "listen");
    Require(::getsockname(listener.fd(), generic, &length) == 0, "getsockname");
    Require(::connect(near.fd(), generic, length) == 0, "connect");
    return ::accept(listener.fd(), nullptr, nullptr);
  }

  const Socket near_;
  const Socket far_;
};

}  // namespace

double LoopbackRoundTripNs(SocketWait wait, int core, int other_core) {
  constexpr int kRoundTrips = 20'000;
  const Connection connection;
  char there[8] = {};
  char back[8] = {};
  std::thread echo([&] {
    PinTo(other_core);
    for (int i = 0; i < kRoundTrips; ++i) {
      connection.far().ReceiveAll(back, sizeof(back), wait);
      connection.far().SendAll(back, sizeof(back));
    }
  });
  std::vector<int64_t> times_ns;
  std::thread caller([&] {
    PinTo(core);
    for (int i = 0; i < kRoundTrips; ++i) {
      const int64_t start_ns = NowNs();
      connection.near().SendAll(there, sizeof(there));
      connection.near().ReceiveAll(there, sizeof(there), wait);
      times_ns.push_back(NowNs() - start_ns);
    }
  });
  caller.join();
  echo.join();
  return static_cast<double>(bench::Samples(std::move(times_ns)).PercentileNs(50));
}

double LoopbackStreamRate(int core, int other_core) {
  constexpr size_t kPiece = size_t{256} << 10;
  constexpr size_t kPiecesPerPass = 2048;
  constexpr int kPasses = 5;
  const Connection connection;
  std::thread sender([&] {
    PinTo(core);
    const std::vector<char> data(kPiece, 'x');
    for (size_t i = 0; i < kPiecesPerPass * kPasses; ++i) connection.near().SendAll(data.data(), data.size());
  });
  int64_t best_ns = INT64_MAX;
  std::thread receiver([&] {
    PinTo(other_core);
    std::vector<char> data(kPiece);
    for (int pass = 0; pass < kPasses; ++pass) {
      const int64_t start_ns = NowNs();
      for (size_t i = 0; i < kPiecesPerPass; ++i) {
        connection.far().ReceiveAll(data.data(), data.size(), SocketWait::kBlock);
      }
      best_ns = std::min(best_ns, NowNs() - start_ns);
    }
  });
  sender.join();
  receiver.join();
  return static_cast<double>(kPiece * kPiecesPerPass) / (static_cast<double>(best_ns) / 1e9);
}

}  // namespace tutti::peers
