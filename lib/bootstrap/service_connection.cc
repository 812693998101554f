// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/service_connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/bootstrap/socket.h"

namespace tutti {
namespace {

constexpr size_t kMaxIntroductionBytes = 4096;
constexpr size_t kMaxOutputBytes = 16 * 1024 * 1024;

}  // namespace

ServiceConnection::ServiceConnection(uint64_t id, UniqueFd fd, const Credentials* credentials, std::string remote,
                                     int64_t deadline_ns)
    : id_(id),
      fd_(std::move(fd)),
      guard_(fd_.get()),
      credentials_(credentials),
      remote_(std::move(remote)),
      deadline_ns_(deadline_ns),
      frames_(kMaxIntroductionBytes) {}

void ServiceConnection::Append(absl::string_view bytes) {
  if (stage_ == Stage::kHello || stage_ == Stage::kProof) {
    handshake_.append(bytes.data(), bytes.size());
  } else {
    frames_.Append(bytes);
  }
}

ServiceConnection::Input ServiceConnection::Broken(std::string problem) {
  problem_ = std::move(problem);
  return Input::kBroken;
}

ServiceConnection::Input ServiceConnection::Take(Message* message) {
  if (stage_ == Stage::kHello) {
    if (handshake_.size() < kHelloBytes) return Input::kNeedMore;
    hello_ = handshake_.substr(0, kHelloBytes);
    handshake_.erase(0, kHelloBytes);
    Nonce nonce;
    if (absl::Status random = FillRandom(nonce.data(), nonce.size()); !random.ok()) {
      return Broken(std::string(random.message()));
    }
    // Another version gets the answer too, so that its process can say what is wrong; a stranger gets nothing.
    const absl::Status hello = CheckHello(hello_);
    if (absl::IsInvalidArgument(hello)) return Broken(std::string(hello.message()));
    answer_ = MakeAnswer(credentials_->job_key, hello_, nonce, credentials_->job_nonce);
    Queue(answer_);
    if (!hello.ok()) {
      close_when_flushed = true;
      return Broken(std::string(hello.message()));
    }
    stage_ = Stage::kProof;
  }
  if (stage_ == Stage::kProof) {
    if (handshake_.size() < kProofBytes) return Input::kNeedMore;
    const absl::string_view proof = absl::string_view(handshake_).substr(0, kProofBytes);
    if (!IsProof(credentials_->job_key, hello_, answer_, proof)) {
      return Broken("it does not know this job's secret (TUTTI_SECRET), or belongs to another job");
    }
    stage_ = Stage::kIntroduction;
    frames_.Append(absl::string_view(handshake_).substr(kProofBytes));
    handshake_ = std::string();
  }

  absl::string_view body;
  switch (frames_.Take(&body)) {
    case FrameReader::Next::kNeedMore:
      return Input::kNeedMore;
    case FrameReader::Next::kBroken:
      return Broken("it sent a frame of an impossible length");
    case FrameReader::Next::kBody:
      break;
  }
  if (!DecodeMessage(body, message)) return Broken("it sent a malformed message");
  if ((message->type == MessageType::kIntroduce) != (stage_ == Stage::kIntroduction)) {
    return Broken("it sent a message out of turn");
  }
  return Input::kMessage;
}

void ServiceConnection::BecomeRank(int rank) {
  rank_ = rank;
  stage_ = Stage::kRank;
  frames_.set_max_body_bytes(kMaxFrameBytes);
}

void ServiceConnection::Queue(absl::string_view frame) {
  if (sent_ == output_.size()) {
    output_.clear();
    sent_ = 0;
  }
  output_.append(frame.data(), frame.size());
}

bool ServiceConnection::Flush() {
  while (has_output()) {
    const IoResult result = SendSome(fd(), absl::string_view(output_).substr(sent_));
    if (result.closed) {
      problem_ = DescribeLoss(result);
      return false;
    }
    sent_ += result.bytes;
    if (!result.would_block) continue;
    if (output_.size() - sent_ > kMaxOutputBytes) {
      problem_ = absl::StrCat("it has left ", output_.size() - sent_, " bytes of its control connection unread");
      return false;
    }
    break;
  }
  return true;
}

}  // namespace tutti
