// SPDX-License-Identifier: Apache-2.0
// A small HTTP server for what a rank measures: it answers GETs one after the other and closes. It holds a handful of
// connections, each for two seconds at most, and reads no more than a request's head: strangers cannot make it wait or grow.
//
// THREADS. One of its own. Start, destructor: any.
#ifndef TUTTI_LIB_EXPORT_HTTP_ENDPOINT_H_
#define TUTTI_LIB_EXPORT_HTTP_ENDPOINT_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "lib/base/unique_fd.h"
#include "lib/bootstrap/control_thread.h"

namespace tutti {

class HttpEndpoint {
 public:
  // What is at a path; false: nothing. Called on the endpoint's thread.
  using Serve = std::function<bool(const std::string& path, std::string* content_type, std::string* body)>;

  // `address`: "port", which is on the loopback interface, or "host:port" with a numeric IPv4 address, or an IPv6 address in
  // brackets. port_offset is added to it. Port 0: one that is free. Errors: InvalidArgument with the reason, ResourceExhausted: no thread.
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Start(const std::string& address, int port_offset, Serve serve);
  ~HttpEndpoint();

  int port() const { return port_; }

 private:
  static constexpr size_t kMaxConnections = 16;

  struct Connection {
    UniqueFd fd;
    int64_t deadline_ns = 0;
    std::string received;
    std::string response;  // what is left of it
  };

  HttpEndpoint(UniqueFd listener, UniqueFd stop, int port, Serve serve);
  void Run();
  void Accept();
  bool Advance(Connection& connection);  // false: it is over
  std::string Respond(const std::string& received) const;

  UniqueFd listener_;
  UniqueFd stop_;  // an eventfd
  const int port_;
  const Serve serve_;
  std::list<Connection> connections_;
  ControlThread thread_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_EXPORT_HTTP_ENDPOINT_H_
