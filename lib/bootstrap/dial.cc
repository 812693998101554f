// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/dial.h"

#include <poll.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/bootstrap/message.h"
#include "lib/bootstrap/socket.h"

namespace tutti {
namespace {

// Adds who the other end is to what is wrong with it.
absl::Status At(const SocketAddress& address, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("rank 0 at ", address.ToString(), ": ", status.message()));
}

absl::Status ProveBothWays(int fd, const Mac& job_key, int64_t deadline_ns, Nonce* job_nonce) {
  Nonce nonce;
  absl::Status status = FillRandom(nonce.data(), nonce.size());
  if (!status.ok()) return status;
  const std::string hello = MakeHello(nonce);
  status = SendAll(fd, hello, deadline_ns);
  if (!status.ok()) return status;
  std::string answer(kAnswerBytes, '\0');
  status = ReceiveExactly(fd, answer.data(), answer.size(), deadline_ns);
  if (!status.ok()) return status;
  status = CheckAnswer(job_key, hello, answer, job_nonce);
  if (!status.ok()) return status;
  return SendAll(fd, MakeProof(job_key, hello, answer), deadline_ns);
}

absl::Status AwaitWelcome(int fd, int64_t deadline_ns, FrameReader* frames) {
  while (true) {
    absl::string_view body;
    const FrameReader::Next next = frames->Take(&body);
    if (next == FrameReader::Next::kBody) {
      Message reply;
      if (!DecodeMessage(body, &reply)) return absl::FailedPreconditionError("it sent a malformed message");
      if (reply.type == MessageType::kWelcome) return absl::OkStatus();
      if (reply.type == MessageType::kRefused) return absl::FailedPreconditionError(reply.sentence);
      return absl::FailedPreconditionError("it sent a message out of turn");
    }
    if (next == FrameReader::Next::kBroken)
      return absl::FailedPreconditionError("it sent a frame of an impossible length");
    char buffer[4096];
    const IoResult result = ReceiveSome(fd, buffer, sizeof buffer);
    if (result.closed) return absl::UnavailableError(DescribeLoss(result));
    frames->Append(absl::string_view(buffer, result.bytes));
    if (result.would_block && !WaitReady(fd, POLLIN, deadline_ns))
      return absl::DeadlineExceededError("it does not answer");
  }
}

}  // namespace

absl::StatusOr<DialedConnection> Dial(const SocketAddress& address, const Mac& job_key, const PeerCard& self, int size,
                                      int64_t prove_by_ns, int64_t deadline_ns) {
  absl::StatusOr<UniqueFd> fd = ConnectTo(address, prove_by_ns);
  if (!fd.ok()) return fd.status();
  DialedConnection connection;
  connection.fd = *std::move(fd);
  connection.remote = address;
  if (const auto local = LocalAddress(connection.fd.get())) connection.local = *local;

  absl::Status status = ProveBothWays(connection.fd.get(), job_key, prove_by_ns, &connection.job_nonce);
  if (!status.ok()) return At(address, status);

  Message introduce;
  introduce.type = MessageType::kIntroduce;
  introduce.size = static_cast<uint32_t>(size);
  introduce.card = self;
  introduce.card.address.clear();  // travels with kJoin
  status = SendAll(connection.fd.get(), EncodeMessage(introduce), deadline_ns);
  if (status.ok()) status = AwaitWelcome(connection.fd.get(), deadline_ns, &connection.frames);
  if (!status.ok()) return At(address, status);
  return connection;
}

}  // namespace tutti
