// SPDX-License-Identifier: Apache-2.0
// The messages of the control protocol, once both ends are authenticated. Each field of each message is listed once, in
// message.cc, for both directions. Reading checks every length, count and enum; what a rank number means is for the
// reader of the message to check.
#ifndef TUTTI_LIB_BOOTSTRAP_MESSAGE_H_
#define TUTTI_LIB_BOOTSTRAP_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/bootstrap/control_plane.h"

namespace tutti {

// Limits on what a message may carry. The largest message, kCards, stays below kMaxFrameBytes.
inline constexpr size_t kMaxHostBytes = 256;
inline constexpr size_t kMaxHostIdBytes = 768;
inline constexpr size_t kMaxAddressBytes = 512;
inline constexpr size_t kMaxSentenceBytes = 2048;
inline constexpr size_t kMaxDescriptionBytes = 512;
inline constexpr size_t kMaxKeyBytes = 256;
inline constexpr size_t kMaxRanksPerMessage = 128;
inline constexpr size_t kMaxWordBytes = 128 * 1024 + 16;

// No value is ever reused for another meaning.
enum class MessageType : uint8_t {
  // Start-up, from a rank.
  kIntroduce = 1,   // card (without address), size: the first message, all that may come before kWelcome
  kJoin = 2,        // card, sentence (rank 0: its word for all)
  kAskMissing = 3,  // request
  // Start-up, from the service.
  kWelcome = 10,
  kRefused = 11,    // sentence; the connection is closed behind it
  kAllJoined = 12,  // card: rank 0's; sentence: its word
  kMissing = 13,    // request, sentence: who has not joined
  kHosts =
      28,  // runs, flag (how many of their groups are parts of hosts): where the next ranks are, until all have been told; then comes kAllJoined
  kStartFailed = 14,  // flag (1: a deadline passed), sentence

  // Requests of a rank, and the service's answers.
  kLookup = 20,       // request, ranks
  kCards = 21,        // request, cards
  kFetchAdd = 22,     // request, sentence (the key), value (what to add)
  kCounter = 23,      // request, value (before)
  kAskActivity = 24,  // request, channel, sequence, value (timeout in ns), ranks
  kActivities = 25,   // request, activities
  kFailed = 26,       // request, sentence: why there is no answer

  // Questions of the service, and a rank's answer.
  kQuestion = 30,  // request (the service's), channel, sequence
  kAnswer = 31,    // request, activities (one)

  // News.
  kReport = 40,       // report, from a rank
  kFailure = 41,      // report, from the service
  kLeft = 42,         // ranks: left in good order, from the service
  kGoodbye = 43,      // flag (1: it gave up at a deadline), from a rank: what follows on this connection is no death
  kServiceEnds = 44,  // sentence, from the service

  // Clocks (RawClock, ns): a rank asks, and the service says what its own showed then.
  kAskClock = 50,  // request (the rank's clock)
  kClock = 51,     // request (the same), value (the service's)
};

// Consecutive ranks of one host, and of one part of it. Hosts and groups are named by their lowest ranks.
struct HostRun {
  int host = -1;
  uint32_t ranks = 0;
  std::vector<int> groups = {};  // as many in each run: parts of the host, then what is wider, each finest first
};

struct Message {
  MessageType type = MessageType::kWelcome;
  uint64_t request = 0;
  uint32_t channel = 0;
  uint32_t size = 0;
  uint8_t flag = 0;
  uint64_t sequence = 0;
  uint64_t value = 0;
  std::string sentence;
  PeerCard card;
  FailureReport report;
  std::vector<int> ranks;
  std::vector<PeerCard> cards;
  std::vector<HostRun> runs;
  std::vector<Activity> activities;
};

// One that says nothing else yet.
inline Message OfType(MessageType type) {
  Message message;
  message.type = type;
  return message;
}

// The frame, ready to be sent. Texts beyond their limits are cut; lists must be within theirs.
std::string EncodeMessage(const Message& message);

// False if the body is not exactly one well-formed message.
bool DecodeMessage(absl::string_view body, Message* message);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_MESSAGE_H_
