// SPDX-License-Identifier: Apache-2.0
// Proof that both ends of a connection belong to one job, before anything else is read from it: HMAC-SHA256 over fresh
// nonces of both sides, keyed by what only the job knows. Messages here have a fixed size and are compared as bytes, so
// there is nothing to parse. It knows no socket, and nothing of what comes after.
//
//   rank                                                    service
//     hello:  "TUTTICTL", version, nonce            ------->
//           <------- answer: "TUTTICTL", version, nonce, job nonce, proof (the service knows the key)
//     proof (the rank knows the key)                ------->
//
// Either side's proof covers all bytes exchanged before it, with a label of its own, so that none can be replayed or
// reflected.
#ifndef TUTTI_LIB_BOOTSTRAP_AUTH_H_
#define TUTTI_LIB_BOOTSTRAP_AUTH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tutti {

// Raised whenever the hello, the proofs or a message behind them changes.
inline constexpr uint32_t kControlProtocolVersion = 3;

inline constexpr size_t kMacBytes = 32;
inline constexpr size_t kNonceBytes = 32;
inline constexpr size_t kHelloBytes = 8 + 4 + kNonceBytes;
inline constexpr size_t kAnswerBytes = 8 + 4 + kNonceBytes + kNonceBytes + kMacBytes;
inline constexpr size_t kProofBytes = kMacBytes;

using Mac = std::array<uint8_t, kMacBytes>;
using Nonce = std::array<uint8_t, kNonceBytes>;

// From the system's generator for secrets. Unavailable if the system has none.
absl::Status FillRandom(void* out, size_t bytes);

// What only the job knows. secret: the user's, may be empty. job_id: the launcher's, may be empty. ticket: random bytes
// that rank 0 passed to the others on a private way (a file only they can read), empty without one.
Mac DeriveJobKey(absl::string_view secret, absl::string_view job_id, absl::string_view ticket);

// The key by which transports authenticate data connections: differs for each run of a job. 32 raw bytes.
std::string DeriveDataSecret(const Mac& job_key, const Nonce& job_nonce);

// A name for this run of the job, for people and file names: 8 hexadecimal digits, the same on all ranks. Tells nothing of the
// secret.
std::string NameRun(absl::string_view data_secret);

std::string MakeHello(const Nonce& rank_nonce);

// What is wrong with a hello, in the service's words; OK if it can be answered. FailedPrecondition for another version,
// InvalidArgument for bytes that are no hello. hello.size() == kHelloBytes.
absl::Status CheckHello(absl::string_view hello);

std::string MakeAnswer(const Mac& job_key, absl::string_view hello, const Nonce& service_nonce, const Nonce& job_nonce);

// Unauthenticated: the other end does not know the key, i.e. belongs to another job, or has another secret.
// FailedPrecondition: it speaks another version. InvalidArgument: it is no tutti service. answer.size() ==
// kAnswerBytes.
absl::Status CheckAnswer(const Mac& job_key, absl::string_view hello, absl::string_view answer, Nonce* job_nonce);

std::string MakeProof(const Mac& job_key, absl::string_view hello, absl::string_view answer);
bool IsProof(const Mac& job_key, absl::string_view hello, absl::string_view answer, absl::string_view proof);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_AUTH_H_
