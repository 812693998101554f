// SPDX-License-Identifier: Apache-2.0
// Frames, messages and the handshake: what is written is read back, and whatever else arrives is refused.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/prng.h"
#include "lib/bootstrap/auth.h"
#include "lib/bootstrap/frame.h"
#include "lib/bootstrap/message.h"
#include "lib/bootstrap/service_notice.h"

namespace tutti {
namespace {

using ::testing::SizeIs;

constexpr MessageType kAllTypes[] = {
    MessageType::kIntroduce,   MessageType::kJoin,        MessageType::kAskMissing, MessageType::kWelcome,
    MessageType::kRefused,     MessageType::kAllJoined,   MessageType::kMissing,    MessageType::kStartFailed,
    MessageType::kLookup,      MessageType::kCards,       MessageType::kFetchAdd,   MessageType::kCounter,
    MessageType::kAskActivity, MessageType::kActivities,  MessageType::kFailed,     MessageType::kQuestion,
    MessageType::kAnswer,      MessageType::kReport,      MessageType::kFailure,    MessageType::kLeft,
    MessageType::kGoodbye,     MessageType::kServiceEnds, MessageType::kHosts,      MessageType::kAskClock,
    MessageType::kClock,
};

Message Full(MessageType type) {
  Message message;
  message.type = type;
  message.request = 0x1122334455667788u;
  message.channel = 7;
  message.size = 9;
  message.flag = 1;
  message.sequence = 11;
  message.value = 13;
  message.sentence = "sentence";
  message.card = {3, "host", "id", 4242, std::string("a\0b", 3), "pod1/rack2"};
  message.report = {FailureKind::kTransport, 1, -1, 5, "lost"};
  message.ranks = {1, 2, 1048575};
  message.cards = {message.card, message.card};
  message.runs = {{0, 4, {0, 0}}, {4, 1000, {4, 0}}};
  message.activities.resize(2);
  message.activities[1].rank = 4;
  message.activities[1].answered = true;
  message.activities[1].description = "busy";
  return message;
}

std::string BodyOf(const std::string& frame) { return frame.substr(4); }

TEST(Messages, EachTypeIsReadBackAsItWasWritten) {
  for (MessageType type : kAllTypes) {
    const std::string frame = EncodeMessage(Full(type));
    Message message;
    ASSERT_TRUE(DecodeMessage(BodyOf(frame), &message)) << static_cast<int>(type);
    EXPECT_EQ(message.type, type);
    EXPECT_EQ(EncodeMessage(message), frame) << static_cast<int>(type);
  }
  Message message;
  ASSERT_TRUE(DecodeMessage(BodyOf(EncodeMessage(Full(MessageType::kReport))), &message));
  EXPECT_EQ(message.report.culprit, -1);
  EXPECT_EQ(message.report.kind, FailureKind::kTransport);
  EXPECT_EQ(message.report.sentence, "lost");
  ASSERT_TRUE(DecodeMessage(BodyOf(EncodeMessage(Full(MessageType::kCards))), &message));
  ASSERT_THAT(message.cards, SizeIs(2));
  EXPECT_THAT(message.cards[1].address, SizeIs(3));
  EXPECT_EQ(message.cards[1].locality, "pod1/rack2");
  ASSERT_TRUE(DecodeMessage(BodyOf(EncodeMessage(Full(MessageType::kHosts))), &message));
  EXPECT_EQ(message.runs[1].groups, (std::vector{4, 0}));
}

TEST(Messages, TruncatedOrLengthenedOnesAreRefused) {
  for (MessageType type : kAllTypes) {
    const std::string body = BodyOf(EncodeMessage(Full(type)));
    Message message;
    for (size_t bytes = 0; bytes < body.size(); ++bytes) {
      EXPECT_FALSE(DecodeMessage(body.substr(0, bytes), &message)) << static_cast<int>(type) << " " << bytes;
    }
    EXPECT_FALSE(DecodeMessage(body + "x", &message)) << static_cast<int>(type);
  }
}

TEST(Messages, UnknownTypesKindsAndCountsAreRefused) {
  Message message;
  for (int type : {0, 4, 19, 45, 255}) EXPECT_FALSE(DecodeMessage(std::string(1, static_cast<char>(type)), &message));
  std::string report = BodyOf(EncodeMessage(Full(MessageType::kReport)));
  report[1] = static_cast<char>(FailureKind::kCodec) + 1;  // behind the last kind
  EXPECT_FALSE(DecodeMessage(report, &message));
  FieldWriter too_many;
  too_many.U8(static_cast<uint8_t>(MessageType::kLeft));
  too_many.U32(kMaxRanksPerMessage + 1);
  for (size_t i = 0; i <= kMaxRanksPerMessage; ++i) too_many.U32(0);
  EXPECT_FALSE(DecodeMessage(too_many.body(), &message));
  FieldWriter long_key;
  long_key.U8(static_cast<uint8_t>(MessageType::kFetchAdd));
  long_key.U64(1);
  long_key.Text(std::string(kMaxKeyBytes + 1, 'k'));
  long_key.U64(1);
  EXPECT_FALSE(DecodeMessage(long_key.body(), &message));
}

TEST(Messages, RandomBytesAndRandomDamageNeverDoHarm) {
  Prng prng(20240607);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string body;
    if (round % 2 == 0) {
      const uint64_t bytes = prng.Below(200);
      for (uint64_t i = 0; i < bytes; ++i) body.push_back(static_cast<char>(prng.Next()));
    } else {
      body = BodyOf(EncodeMessage(Full(kAllTypes[prng.Below(std::size(kAllTypes))])));
      for (uint64_t i = 0; i <= prng.Below(3); ++i) body[prng.Below(body.size())] = static_cast<char>(prng.Next());
    }
    Message message;
    if (!DecodeMessage(body, &message)) continue;
    ++accepted;
    EXPECT_EQ(BodyOf(EncodeMessage(message)), body);  // what is accepted is in the one form there is
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 20000);
}

TEST(Messages, TheLargestFitAFrame) {
  Message message;
  PeerCard card{1, std::string(9999, 'h'), std::string(9999, 'i'), 1, std::string(9999, 'a')};
  message.cards.assign(kMaxRanksPerMessage, card);
  message.type = MessageType::kCards;
  EXPECT_LE(EncodeMessage(message).size(), kMaxFrameBytes);
  Activity activity;
  activity.description = std::string(9999, 'd');
  message.activities.assign(kMaxRanksPerMessage, activity);
  message.type = MessageType::kActivities;
  EXPECT_LE(EncodeMessage(message).size(), kMaxFrameBytes);
}

TEST(Messages, TheLongestWordIsNotCut) {
  for (MessageType type : {MessageType::kJoin, MessageType::kAllJoined}) {
    Message sent = Full(type);
    sent.sentence = std::string(kMaxWordBytes - 1, 'w') + "!";
    const std::string frame = EncodeMessage(sent);
    EXPECT_LE(frame.size(), kMaxFrameBytes);
    Message message;
    ASSERT_TRUE(DecodeMessage(BodyOf(frame), &message));
    EXPECT_EQ(message.sentence, sent.sentence);
  }
}

TEST(FrameReader, PutsFramesTogetherFromAnyPieces) {
  std::string stream;
  for (int i = 1; i <= 50; ++i)
    stream += MakeFrame(std::string(static_cast<size_t>(i * 37), static_cast<char>('a' + i % 26)));
  for (size_t piece : {1u, 2u, 3u, 7u, 1000u, 100000u}) {
    FrameReader reader;
    int bodies = 0;
    for (size_t at = 0; at < stream.size(); at += piece) {
      reader.Append(absl::string_view(stream).substr(at, piece));
      absl::string_view body;
      while (reader.Take(&body) == FrameReader::Next::kBody) {
        ++bodies;
        EXPECT_EQ(body.size(), static_cast<size_t>(bodies * 37));
      }
    }
    EXPECT_EQ(bodies, 50);
  }
}

TEST(FrameReader, ImpossibleLengthsBreakTheStreamAtOnceAndForGood) {
  for (const std::string& length :
       {std::string("\0\0\0\0", 4), std::string("\xff\xff\xff\xff", 4), std::string("\x01\x00\x04\x00", 4)}) {
    FrameReader reader;
    reader.Append(length);
    absl::string_view body;
    EXPECT_EQ(reader.Take(&body), FrameReader::Next::kBroken);
    reader.Append(MakeFrame("x"));
    EXPECT_EQ(reader.Take(&body), FrameReader::Next::kBroken);
  }
}

Nonce NonceOf(uint8_t value) {
  Nonce nonce;
  nonce.fill(value);
  return nonce;
}

TEST(Handshake, BothSidesWhoKnowTheKeyAgree) {
  const Mac key = DeriveJobKey("secret", "job", "");
  const std::string hello = MakeHello(NonceOf(1));
  ASSERT_THAT(hello, SizeIs(kHelloBytes));
  EXPECT_TRUE(CheckHello(hello).ok());
  const std::string answer = MakeAnswer(key, hello, NonceOf(2), NonceOf(3));
  ASSERT_THAT(answer, SizeIs(kAnswerBytes));
  Nonce job_nonce = {};
  EXPECT_TRUE(CheckAnswer(key, hello, answer, &job_nonce).ok());
  EXPECT_EQ(job_nonce, NonceOf(3));
  EXPECT_TRUE(IsProof(key, hello, answer, MakeProof(key, hello, answer)));
}

TEST(Handshake, AnotherSecretJobIdOrTicketIsAnotherKey) {
  const Mac key = DeriveJobKey("secret", "job", "ticket");
  for (const Mac& other : {DeriveJobKey("Secret", "job", "ticket"), DeriveJobKey("secret", "jo", "bticket"),
                           DeriveJobKey("secret", "job", ""), DeriveJobKey("", "job", "ticket")}) {
    const std::string hello = MakeHello(NonceOf(1));
    const std::string answer = MakeAnswer(key, hello, NonceOf(2), NonceOf(3));
    Nonce job_nonce;
    EXPECT_TRUE(absl::IsUnauthenticated(CheckAnswer(other, hello, answer, &job_nonce)));
    EXPECT_FALSE(IsProof(key, hello, answer, MakeProof(other, hello, answer)));
  }
}

TEST(Handshake, EveryByteCounts) {
  const Mac key = DeriveJobKey("secret", "", "");
  const std::string hello = MakeHello(NonceOf(1));
  const std::string answer = MakeAnswer(key, hello, NonceOf(2), NonceOf(3));
  const std::string proof = MakeProof(key, hello, answer);
  Nonce job_nonce;
  for (size_t i = 0; i < answer.size(); ++i) {
    std::string damaged = answer;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(CheckAnswer(key, hello, damaged, &job_nonce).ok()) << i;
    EXPECT_FALSE(IsProof(key, hello, damaged, proof)) << i;
  }
  for (size_t i = 0; i < hello.size(); ++i) {
    std::string damaged = hello;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(CheckAnswer(key, damaged, answer, &job_nonce).ok()) << i;
  }
  EXPECT_FALSE(IsProof(key, hello, answer, answer.substr(kAnswerBytes - kMacBytes)));  // reflected
}

TEST(Handshake, AnotherVersionAndANonTuttiPeerAreToldApart) {
  std::string hello = MakeHello(NonceOf(1));
  hello[8] = 99;
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckHello(hello)));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckHello(std::string("GET / HTTP/1.1\r\n\r\n").append(kHelloBytes, ' '))));
}

TEST(DataSecret, DiffersFromRunToRun) {
  const Mac key = DeriveJobKey("secret", "", "");
  EXPECT_EQ(DeriveDataSecret(key, NonceOf(1)), DeriveDataSecret(key, NonceOf(1)));
  EXPECT_NE(DeriveDataSecret(key, NonceOf(1)), DeriveDataSecret(key, NonceOf(2)));
}

TEST(ServiceNotice, IsReadBackAndNothingElseIsAccepted) {
  ServiceNotice notice;
  notice.ticket = std::string(64, 'a');
  for (uint16_t port = 1; port <= 8; ++port)
    notice.addresses.push_back({*IpAddress::Parse("fd00:1111:2222:3333:4444:5555:6666:7777"), port});
  const std::string text = notice.ToText();
  ASSERT_LE(text.size(), kMaxNoticeBytes);
  const auto read = ServiceNotice::Parse(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->ticket, notice.ticket);
  EXPECT_EQ(read->addresses, notice.addresses);
  for (size_t bytes = 0; bytes < text.size(); ++bytes)
    EXPECT_FALSE(ServiceNotice::Parse(text.substr(0, bytes)).has_value());
  EXPECT_FALSE(ServiceNotice::Parse("tutti-service-1\n" + std::string(64, 'a') + "\nhost:80\nend\n").has_value());
  EXPECT_FALSE(ServiceNotice::Parse("tutti-service-1\n" + std::string(64, 'z') + "\n1.2.3.4:80\nend\n").has_value());
}

}  // namespace
}  // namespace tutti
