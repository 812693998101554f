// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/frame.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kMaxTextBytes = 65535;

}  // namespace

std::string MakeFrame(absl::string_view body) {
  FieldWriter length;
  length.U32(static_cast<uint32_t>(body.size()));
  return absl::StrCat(length.body(), body);
}

void FrameReader::Append(absl::string_view bytes) {
  if (begin_ == bytes_.size()) {
    bytes_.clear();
    begin_ = 0;
  } else if (begin_ > kMaxFrameBytes) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
  bytes_.append(bytes.data(), bytes.size());
}

FrameReader::Next FrameReader::Take(absl::string_view* body) {
  const absl::string_view rest = absl::string_view(bytes_).substr(begin_);
  if (rest.size() < kLengthBytes) return Next::kNeedMore;
  const size_t body_bytes = FieldReader(rest.substr(0, kLengthBytes)).U32();
  if (body_bytes == 0 || body_bytes > max_body_bytes_) return Next::kBroken;
  if (rest.size() - kLengthBytes < body_bytes) return Next::kNeedMore;
  *body = rest.substr(kLengthBytes, body_bytes);
  begin_ += kLengthBytes + body_bytes;
  return Next::kBody;
}

void FieldWriter::Put(uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) body_.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

void FieldWriter::Text(absl::string_view text) {
  text = text.substr(0, kMaxTextBytes);
  Put(text.size(), 2);
  body_.append(text.data(), text.size());
}

void FieldWriter::LongText(absl::string_view text) {
  U32(static_cast<uint32_t>(text.size()));
  body_.append(text.data(), text.size());
}

uint64_t FieldReader::Get(size_t bytes) {
  if (!ok_ || rest_.size() < bytes) {
    ok_ = false;
    return 0;
  }
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= static_cast<uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
  rest_.remove_prefix(bytes);
  return value;
}

std::string FieldReader::Text(size_t max_bytes) { return TextOf(Get(2), max_bytes); }

std::string FieldReader::LongText(size_t max_bytes) { return TextOf(U32(), max_bytes); }

std::string FieldReader::TextOf(size_t bytes, size_t max_bytes) {
  if (!ok_ || bytes > max_bytes || bytes > rest_.size()) {
    ok_ = false;
    return "";
  }
  std::string text(rest_.substr(0, bytes));
  rest_.remove_prefix(bytes);
  return text;
}

}  // namespace tutti
