// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/codec_spec.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

bool IsName(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
  }
  return true;
}

// Cuts `text` at every separator; an empty text has one empty part.
std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

absl::Status Bad(std::string_view part, const char* why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(part), "\" ", why, "; write a codec as name:key=value,key=value"));
}

}  // namespace

absl::StatusOr<std::vector<CodecSpec>> ParseCodecSpec(std::string_view text) {
  std::vector<CodecSpec> specs;
  const std::vector<std::string_view> parts = Split(text, '+');
  if (parts.size() > 1 + kMaxDecorators) {
    return absl::InvalidArgumentError(
        absl::StrCat("a codec with ", parts.size() - 1, " decorators; there may be ", kMaxDecorators));
  }
  for (const std::string_view part : parts) {
    const size_t colon = part.find(':');
    CodecSpec spec;
    spec.name = std::string(part.substr(0, colon));
    if (!IsName(spec.name)) return Bad(part, "does not begin with a name");
    if (colon != std::string_view::npos) {
      for (const std::string_view parameter : Split(part.substr(colon + 1), ',')) {
        const size_t equals = parameter.find('=');
        const std::string_view key = parameter.substr(0, equals);
        if (equals == std::string_view::npos || !IsName(key)) return Bad(parameter, "is not of the form key=value");
        std::string value(parameter.substr(equals + 1));
        if (value.empty()) return Bad(parameter, "has no value");
        if (!spec.parameters.emplace(key, std::move(value)).second) return Bad(parameter, "gives a key a second time");
      }
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace tutti
