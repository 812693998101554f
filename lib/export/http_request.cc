// SPDX-License-Identifier: Apache-2.0
#include "lib/export/http_request.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tutti {
namespace {

bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
  });
}

bool IsPrintable(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool IsField(absl::string_view line) {
  const size_t colon = line.find(':');
  return colon != absl::string_view::npos && IsToken(line.substr(0, colon)) &&
         std::none_of(line.begin(), line.end(), [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; });
}

}  // namespace

HttpRequest ParseHttpRequest(absl::string_view bytes) {
  HttpRequest request;
  const size_t end = bytes.substr(0, HttpRequest::kMaxHeadBytes).find("\r\n\r\n");
  if (end == absl::string_view::npos) {
    if (bytes.size() >= HttpRequest::kMaxHeadBytes) request.state = HttpRequest::State::kTooLong;
    return request;
  }
  request.state = HttpRequest::State::kBad;
  const std::vector<absl::string_view> lines = absl::StrSplit(bytes.substr(0, end), "\r\n");
  const std::vector<absl::string_view> words = absl::StrSplit(lines[0], ' ');
  if (words.size() != 3 || !IsToken(words[0]) || words[1].empty() || words[1][0] != '/' || !IsPrintable(words[1])) {
    return request;
  }
  if (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0") return request;
  if (!std::all_of(lines.begin() + 1, lines.end(), IsField)) return request;
  request.state = HttpRequest::State::kComplete;
  request.method = std::string(words[0]);
  request.path = std::string(words[1].substr(0, words[1].find('?')));
  return request;
}

std::string MakeHttpResponse(absl::string_view status, absl::string_view content_type, absl::string_view body) {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Type: ", content_type, "\r\nContent-Length: ", body.size(),
                      "\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n", body);
}

}  // namespace tutti
