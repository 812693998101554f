// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/message.h"

#include "lib/bootstrap/frame.h"
#include "lib/bootstrap/locality.h"

namespace tutti {
namespace {

// The two directions of one list of fields: an Encoder puts what it is shown, a Decoder fills it in.
struct Encoder {
  FieldWriter out;

  void U8(const uint8_t& value) { out.U8(value); }
  void U32(const uint32_t& value) { out.U32(value); }
  void U64(const uint64_t& value) { out.U64(value); }
  void Rank(const int& rank) { out.U32(static_cast<uint32_t>(rank)); }
  void Pid(const int64_t& pid) { out.U64(static_cast<uint64_t>(pid)); }
  void Kind(const FailureKind& kind) { out.U8(static_cast<uint8_t>(kind)); }
  void Bool(const bool& value) { out.U8(value ? 1 : 0); }
  void Text(const std::string& text, size_t max_bytes) { out.Text(absl::string_view(text).substr(0, max_bytes)); }
  void Word(const std::string& word) { out.LongText(absl::string_view(word).substr(0, kMaxWordBytes)); }
  template <typename T, typename F>
  void List(const std::vector<T>& list, F&& each) {
    out.U32(static_cast<uint32_t>(list.size()));
    for (const T& item : list) each(*this, item);
  }
};

struct Decoder {
  FieldReader in;

  void U8(uint8_t& value) { value = in.U8(); }
  void U32(uint32_t& value) { value = in.U32(); }
  void U64(uint64_t& value) { value = in.U64(); }
  void Rank(int& rank) {
    const uint32_t value = in.U32();
    if (value > INT32_MAX && value != UINT32_MAX) in.Fail();
    rank = static_cast<int>(value);  // UINT32_MAX: -1, nobody
  }
  void Pid(int64_t& pid) { pid = static_cast<int64_t>(in.U64()); }
  void Kind(FailureKind& kind) {
    const uint8_t value = in.U8();
    if (value > static_cast<uint8_t>(FailureKind::kCodec)) in.Fail();
    kind = static_cast<FailureKind>(value);
  }
  void Bool(bool& value) {
    const uint8_t byte = in.U8();
    if (byte > 1) in.Fail();
    value = byte == 1;
  }
  void Text(std::string& text, size_t max_bytes) { text = in.Text(max_bytes); }
  void Word(std::string& word) { word = in.LongText(kMaxWordBytes); }
  template <typename T, typename F>
  void List(std::vector<T>& list, F&& each) {
    const uint32_t count = in.U32();
    if (count > kMaxRanksPerMessage) in.Fail();
    for (uint32_t i = 0; in.ok() && i < count; ++i) each(*this, list.emplace_back());
  }
};

template <typename Codec, typename Card>
void CardFields(Codec& codec, Card& card) {
  codec.Rank(card.rank);
  codec.Text(card.host, kMaxHostBytes);
  codec.Text(card.host_id, kMaxHostIdBytes);
  codec.Pid(card.pid);
  codec.Text(card.address, kMaxAddressBytes);
  codec.Text(card.locality, kMaxLocalityBytes);
  codec.Text(card.part, kMaxHostPartBytes);
}

template <typename Codec, typename A>
void ActivityFields(Codec& codec, A& activity) {
  codec.Rank(activity.rank);
  codec.Bool(activity.answered);
  codec.U64(activity.entered);
  codec.U64(activity.completed);
  codec.U64(activity.signature);
  codec.Text(activity.description, kMaxDescriptionBytes);
}

template <typename Codec, typename Report>
void ReportFields(Codec& codec, Report& report) {
  codec.Kind(report.kind);
  codec.Rank(report.reporter);
  codec.Rank(report.culprit);
  codec.U32(report.channel);
  codec.Text(report.sentence, kMaxSentenceBytes);
}

template <typename Codec, typename M>
void Ranks(Codec& codec, M& m) {
  codec.List(m.ranks, [](Codec& c, auto& rank) { c.Rank(rank); });
}

// Every message's fields. False for an unknown type.
template <typename Codec, typename M>
bool Fields(Codec& codec, M& m) {
  switch (m.type) {
    case MessageType::kIntroduce:
      codec.U32(m.size);
      CardFields(codec, m.card);
      return true;
    case MessageType::kJoin:
    case MessageType::kAllJoined:
      CardFields(codec, m.card);
      codec.Word(m.sentence);
      return true;
    case MessageType::kAskMissing:
    case MessageType::kAskClock:
      codec.U64(m.request);
      return true;
    case MessageType::kClock:
      codec.U64(m.request);
      codec.U64(m.value);
      return true;
    case MessageType::kWelcome:
      return true;
    case MessageType::kRefused:
    case MessageType::kServiceEnds:
      codec.Text(m.sentence, kMaxSentenceBytes);
      return true;
    case MessageType::kMissing:
    case MessageType::kFailed:
      codec.U64(m.request);
      codec.Text(m.sentence, kMaxSentenceBytes);
      return true;
    case MessageType::kStartFailed:
      codec.U8(m.flag);
      codec.Text(m.sentence, kMaxSentenceBytes);
      return true;
    case MessageType::kLookup:
      codec.U64(m.request);
      Ranks(codec, m);
      return true;
    case MessageType::kCards:
      codec.U64(m.request);
      codec.List(m.cards, [](Codec& c, auto& card) { CardFields(c, card); });
      return true;
    case MessageType::kHosts:
      codec.U8(m.flag);
      codec.List(m.runs, [](Codec& c, auto& run) {
        c.Rank(run.host);
        c.U32(run.ranks);
        c.List(run.groups, [](Codec& of_run, auto& group) { of_run.Rank(group); });
      });
      return true;
    case MessageType::kFetchAdd:
      codec.U64(m.request);
      codec.Text(m.sentence, kMaxKeyBytes);
      codec.U64(m.value);
      return true;
    case MessageType::kCounter:
      codec.U64(m.request);
      codec.U64(m.value);
      return true;
    case MessageType::kAskActivity:
      codec.U64(m.request);
      codec.U32(m.channel);
      codec.U64(m.sequence);
      codec.U64(m.value);
      Ranks(codec, m);
      return true;
    case MessageType::kActivities:
    case MessageType::kAnswer:
      codec.U64(m.request);
      codec.List(m.activities, [](Codec& c, auto& activity) { ActivityFields(c, activity); });
      return true;
    case MessageType::kQuestion:
      codec.U64(m.request);
      codec.U32(m.channel);
      codec.U64(m.sequence);
      return true;
    case MessageType::kReport:
    case MessageType::kFailure:
      ReportFields(codec, m.report);
      return true;
    case MessageType::kLeft:
      Ranks(codec, m);
      return true;
    case MessageType::kGoodbye:
      codec.U8(m.flag);
      return true;
  }
  return false;
}

}  // namespace

std::string EncodeMessage(const Message& message) {
  Encoder encoder;
  encoder.U8(static_cast<uint8_t>(message.type));
  Fields(encoder, message);
  return MakeFrame(encoder.out.body());
}

bool DecodeMessage(absl::string_view body, Message* message) {
  Decoder decoder{FieldReader(body)};
  *message = Message();
  message->type = static_cast<MessageType>(decoder.in.U8());
  return Fields(decoder, *message) && decoder.in.at_end();
}

}  // namespace tutti
