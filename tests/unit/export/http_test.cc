// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <vector>

#include "lib/base/unique_fd.h"
#include "lib/export/http_endpoint.h"
#include "lib/export/http_request.h"

namespace tutti {
namespace {

using State = HttpRequest::State;
using testing::HasSubstr;
using testing::StartsWith;

TEST(HttpRequest, IsCompleteWithItsLastByteOnly) {
  const std::string text = "GET /metrics?x=1 HTTP/1.1\r\nHost: localhost:9400\r\nAccept: */*\r\n\r\n";
  for (size_t n = 0; n < text.size(); ++n) {
    EXPECT_EQ(ParseHttpRequest(text.substr(0, n)).state, State::kIncomplete) << n;
  }
  const HttpRequest request = ParseHttpRequest(text);
  EXPECT_EQ(request.state, State::kComplete);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/metrics");
}

TEST(HttpRequest, WhatLooksWrongIsRefused) {
  for (const std::string head :
       {"", "GET", "GET /", "GET / HTTP/2", "GET  / HTTP/1.1", "GET / HTTP/1.1 x", "G\tT / HTTP/1.1", "GET x HTTP/1.1",
        "GET /\x01 HTTP/1.1", "GET /\xff HTTP/1.1", "GET / HTTP/1.1\r\nno colon", "GET / HTTP/1.1\r\n: x",
        "GET / HTTP/1.1\r\nA b: x", "GET / HTTP/1.1\r\n folded: x", "GET / HTTP/1.1\r\nA: x\ny"}) {
    EXPECT_EQ(ParseHttpRequest(head + "\r\n\r\n").state, State::kBad) << head;
  }
  EXPECT_EQ(ParseHttpRequest(std::string("GET /\0 HTTP/1.1\r\n\r\n", 19)).state, State::kBad);
  EXPECT_EQ(ParseHttpRequest("GET /" + std::string(9000, 'a')).state, State::kTooLong);
}

UniqueFd Connect(int port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{60, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return fd;
}

std::string Ask(int port, const std::string& request) {
  const UniqueFd fd = Connect(port);
  EXPECT_EQ(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<size_t>(n));
  return answer;
}

class HttpEndpointTest : public testing::Test {
 protected:
  HttpEndpointTest() {
    auto endpoint = HttpEndpoint::Start("0", 0, [this](const std::string& path, std::string* type, std::string* body) {
      *type = "text/plain";
      *body = std::string(body_bytes_, 'm');
      return path == "/metrics";
    });
    EXPECT_TRUE(endpoint.ok()) << endpoint.status();
    endpoint_ = *std::move(endpoint);
  }
  int port() const { return endpoint_->port(); }

  const size_t body_bytes_ = 3'000'000;  // more than a socket takes at once
  std::unique_ptr<HttpEndpoint> endpoint_;
};

TEST_F(HttpEndpointTest, AnswersGetsAndRefusesTheRest) {
  const std::string metrics = Ask(port(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(metrics.substr(0, 100), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(metrics.substr(0, 200), HasSubstr("Content-Length: 3000000\r\n"));
  EXPECT_EQ(metrics.size() - metrics.find("\r\n\r\n") - 4, body_bytes_);
  EXPECT_THAT(Ask(port(), "GET /other HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask(port(), "POST /metrics HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(Ask(port(), "nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpEndpointTest, SilentStrangersDoNotKeepOthersOut) {
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 40; ++i) silent.push_back(Connect(port()));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(Ask(port(), "GET /metrics HTTP/1.1\r\n\r\n").substr(0, 20), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(50));
}

TEST_F(HttpEndpointTest, EndsWhileSomebodyIsConnected) {
  const UniqueFd fd = Connect(port());
  endpoint_.reset();
  char byte;
  EXPECT_LE(::recv(fd.get(), &byte, 1, 0), 0);
}

TEST(HttpEndpoint, WrongAddressesAreSaid) {
  for (const char* address : {"", "x", "localhost:80", "1.2.3.4:99999", "127.0.0.1:", "::1:80", "[::1:80", "-1"}) {
    const auto endpoint = HttpEndpoint::Start(address, 0, nullptr);
    ASSERT_FALSE(endpoint.ok()) << address;
    EXPECT_THAT(std::string(endpoint.status().message()), HasSubstr("must be a port")) << address;
  }
  const auto first = HttpEndpoint::Start("0", 0, nullptr);
  ASSERT_TRUE(first.ok());
  const auto second = HttpEndpoint::Start(std::to_string((*first)->port() - 1), 1, nullptr);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("nobody can be listened to"));
}

}  // namespace
}  // namespace tutti
