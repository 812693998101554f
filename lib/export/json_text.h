// SPDX-License-Identifier: Apache-2.0
// JSON objects, one on a line, appended to a string that keeps its memory: quick enough for a record per operation.
#ifndef TUTTI_LIB_EXPORT_JSON_TEXT_H_
#define TUTTI_LIB_EXPORT_JSON_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tutti {

// How many bytes the character that starts `text`, which is not empty, has; 0 if it is no well-formed UTF-8 (RFC 3629).
size_t Utf8CharacterBytes(absl::string_view text);

// `text` in quotes. Bytes that are no UTF-8 become U+FFFD, so that what comes out is always valid JSON.
void AppendJsonString(absl::string_view text, std::string* out);

// One object: the constructor opens it, the destructor closes it and ends the line. Names of members are literals without
// characters that JSON would escape.
class JsonLine {
 public:
  JsonLine(std::string* out, absl::string_view type) : out_(*out) {
    absl::StrAppend(&out_, "{\"type\":\"", type, "\"");
  }
  ~JsonLine() { out_ += "}\n"; }
  JsonLine(const JsonLine&) = delete;
  JsonLine& operator=(const JsonLine&) = delete;

  JsonLine& Number(absl::string_view name, int64_t value) {
    absl::StrAppend(&out_, ",\"", name, "\":", value);
    return *this;
  }
  JsonLine& Number(absl::string_view name, uint64_t value) {
    absl::StrAppend(&out_, ",\"", name, "\":", value);
    return *this;
  }
  JsonLine& Number(absl::string_view name, int value) { return Number(name, static_cast<int64_t>(value)); }
  JsonLine& Number(absl::string_view name, uint32_t value) { return Number(name, static_cast<uint64_t>(value)); }
  JsonLine& Text(absl::string_view name, absl::string_view value) {
    absl::StrAppend(&out_, ",\"", name, "\":");
    AppendJsonString(value, &out_);
    return *this;
  }
  // The caller appends a value to what this gives.
  std::string* Value(absl::string_view name) {
    absl::StrAppend(&out_, ",\"", name, "\":");
    return &out_;
  }

 private:
  std::string& out_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_EXPORT_JSON_TEXT_H_
