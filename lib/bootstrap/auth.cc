// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr absl::string_view kMagic = "TUTTICTL";

absl::string_view Bytes(const Mac& mac) { return {reinterpret_cast<const char*>(mac.data()), mac.size()}; }

std::string LittleEndian(uint32_t value) {
  std::string out;
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>((value >> shift) & 0xff));
  return out;
}

// Each part goes in with its length, so that two lists of parts never look alike.
Mac Hmac(absl::string_view key, std::initializer_list<absl::string_view> parts) {
  std::string text;
  for (absl::string_view part : parts) absl::StrAppend(&text, LittleEndian(static_cast<uint32_t>(part.size())), part);
  Mac mac = {};
  unsigned int mac_bytes = 0;
  const char* const key_bytes = key.empty() ? "" : key.data();
  if (HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
           text.size(), mac.data(), &mac_bytes) == nullptr ||
      mac_bytes != kMacBytes) {
    // Only without memory, or with a libcrypto that lacks SHA-256. A random value authenticates nobody.
    if (!FillRandom(mac.data(), mac.size()).ok()) std::abort();
  }
  return mac;
}

bool SameBytes(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;  // in constant time
}

absl::Status CheckHead(absl::string_view message, absl::string_view what) {
  if (message.substr(0, kMagic.size()) != kMagic) {
    return absl::InvalidArgumentError(absl::StrCat("what it sent is not ", what, " of tutti's control protocol"));
  }
  uint32_t version = 0;
  for (size_t i = 0; i < 4; ++i) {
    version |= static_cast<uint32_t>(static_cast<unsigned char>(message[kMagic.size() + i])) << (8 * i);
  }
  if (version == kControlProtocolVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("it speaks version ", version,
                                                    " of tutti's control protocol, this process version ",
                                                    kControlProtocolVersion, ": use the same tutti on all ranks"));
}

absl::string_view Head(absl::string_view answer) { return answer.substr(0, kAnswerBytes - kMacBytes); }

Mac AnswerMac(const Mac& key, absl::string_view hello, absl::string_view head) {
  return Hmac(Bytes(key), {"tutti control service", hello, head});
}

}  // namespace

absl::Status FillRandom(void* out, size_t bytes) {
  auto* next = static_cast<uint8_t*>(out);
  while (bytes > 0) {
    const ssize_t got = getrandom(next, bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::ErrnoToStatus(errno, "the system gives no random numbers");
    next += got;
    bytes -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

Mac DeriveJobKey(absl::string_view secret, absl::string_view job_id, absl::string_view ticket) {
  return Hmac(secret, {"tutti job key", job_id, ticket});
}

std::string DeriveDataSecret(const Mac& job_key, const Nonce& job_nonce) {
  return std::string(Bytes(Hmac(Bytes(job_key), {"tutti data", Bytes(job_nonce)})));
}

std::string NameRun(absl::string_view data_secret) {
  return absl::BytesToHexString(Bytes(Hmac(data_secret, {"tutti run"})).substr(0, 4));
}

std::string MakeHello(const Nonce& rank_nonce) {
  return absl::StrCat(kMagic, LittleEndian(kControlProtocolVersion), Bytes(rank_nonce));
}

absl::Status CheckHello(absl::string_view hello) { return CheckHead(hello, "a hello"); }

std::string MakeAnswer(const Mac& job_key, absl::string_view hello, const Nonce& service_nonce,
                       const Nonce& job_nonce) {
  const std::string head =
      absl::StrCat(kMagic, LittleEndian(kControlProtocolVersion), Bytes(service_nonce), Bytes(job_nonce));
  return absl::StrCat(head, Bytes(AnswerMac(job_key, hello, head)));
}

absl::Status CheckAnswer(const Mac& job_key, absl::string_view hello, absl::string_view answer, Nonce* job_nonce) {
  if (absl::Status head = CheckHead(answer, "an answer"); !head.ok()) return head;
  const Mac expected = AnswerMac(job_key, hello, Head(answer));
  if (!SameBytes(answer.substr(Head(answer).size()), Bytes(expected))) {
    return absl::UnauthenticatedError(
        "it does not know this job's secret: either another job listens there, or the secret (TUTTI_SECRET) or the job "
        "id differs between the ranks");
  }
  std::memcpy(job_nonce->data(), answer.data() + kMagic.size() + 4 + kNonceBytes, kNonceBytes);
  return absl::OkStatus();
}

std::string MakeProof(const Mac& job_key, absl::string_view hello, absl::string_view answer) {
  return std::string(Bytes(Hmac(Bytes(job_key), {"tutti control rank", hello, answer})));
}

bool IsProof(const Mac& job_key, absl::string_view hello, absl::string_view answer, absl::string_view proof) {
  return SameBytes(proof, MakeProof(job_key, hello, answer));
}

}  // namespace tutti
