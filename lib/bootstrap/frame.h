// SPDX-License-Identifier: Apache-2.0
// Frames: how messages are cut out of a stream of bytes. [body length: 4 bytes][body], little-endian, bounded. It never
// knows what a body means.
#ifndef TUTTI_LIB_BOOTSTRAP_FRAME_H_
#define TUTTI_LIB_BOOTSTRAP_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// No message comes near it (see the limits in message.h); a longer one is a broken or hostile peer.
inline constexpr size_t kMaxFrameBytes = 256 * 1024;

// The body with its length in front. body.size() <= kMaxFrameBytes.
std::string MakeFrame(absl::string_view body);

// Takes bytes as they arrive, gives whole bodies. Not thread-safe.
class FrameReader {
 public:
  enum class Next {
    kBody,      // *body is one body, valid until the next call of any function
    kNeedMore,  // bytes are missing
    kBroken,    // the length is 0 or too large: the stream cannot be understood any more, now or later
  };

  explicit FrameReader(size_t max_body_bytes = kMaxFrameBytes) : max_body_bytes_(max_body_bytes) {}

  void Append(absl::string_view bytes);
  Next Take(absl::string_view* body);

  // From now on. A frame that is already longer breaks the stream.
  void set_max_body_bytes(size_t bytes) { max_body_bytes_ = bytes; }

 private:
  std::string bytes_;
  size_t begin_ = 0;  // of what has not been taken
  size_t max_body_bytes_;
};

// Writes and reads the fields of a body. A reader that has failed once gives zeros and empty strings from then on; so a
// whole message can be read, and ok() asked once at its end.
class FieldWriter {
 public:
  void U8(uint8_t value) { Put(value, 1); }
  void U32(uint32_t value) { Put(value, 4); }
  void U64(uint64_t value) { Put(value, 8); }
  void Text(absl::string_view text);  // at most 65535 bytes; longer ones are cut
  void LongText(absl::string_view text);

  const std::string& body() const { return body_; }

 private:
  void Put(uint64_t value, int bytes);
  std::string body_;
};

class FieldReader {
 public:
  explicit FieldReader(absl::string_view body) : rest_(body) {}

  uint8_t U8() { return static_cast<uint8_t>(Get(1)); }
  uint32_t U32() { return static_cast<uint32_t>(Get(4)); }
  uint64_t U64() { return Get(8); }
  std::string Text(size_t max_bytes);  // a longer one is a failure
  std::string LongText(size_t max_bytes);
  void Fail() { ok_ = false; }

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  uint64_t Get(size_t bytes);
  std::string TextOf(size_t bytes, size_t max_bytes);
  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_FRAME_H_
