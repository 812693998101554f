// SPDX-License-Identifier: Apache-2.0
// The HTTP endpoint's parser on any bytes. It must end, touch nothing outside (the sanitizers watch), decide alike however the
// bytes were cut on their way, and say of a complete request nothing but what stands in its first line.
#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "lib/export/http_request.h"

namespace tutti {
namespace {

using State = HttpRequest::State;

void Demand(bool condition) {
  if (!condition) __builtin_trap();
}

bool IsPlain(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void DemandSame(const HttpRequest& a, const HttpRequest& b) {
  Demand(a.state == b.state && a.method == b.method && a.path == b.path);
}

void Try(absl::string_view bytes) {
  const HttpRequest whole = ParseHttpRequest(bytes);
  const size_t end = bytes.substr(0, HttpRequest::kMaxHeadBytes).find("\r\n\r\n");
  const bool has_end = end != absl::string_view::npos;

  // Whether there is anything to answer depends on the head's end alone.
  const bool answered = whole.state == State::kComplete || whole.state == State::kBad;
  Demand(answered == has_end);
  Demand((whole.state == State::kTooLong) == (!has_end && bytes.size() >= HttpRequest::kMaxHeadBytes));

  // As it comes in two pieces: nothing is decided before the end, and what comes behind it changes nothing.
  const size_t head = has_end ? end + 4 : std::min(bytes.size(), HttpRequest::kMaxHeadBytes - 1);
  for (size_t cut : {head / 3, head / 2, head - std::min<size_t>(head, 1)}) {
    if (cut < head) Demand(ParseHttpRequest(bytes.substr(0, cut)).state == State::kIncomplete);
  }
  if (has_end) {
    DemandSame(ParseHttpRequest(bytes.substr(0, head)), whole);
    DemandSame(ParseHttpRequest(absl::StrCat(bytes.substr(0, head), "GET /other HTTP/1.1\r\n\r\n")), whole);
  }

  if (whole.state != State::kComplete) {
    Demand(whole.method.empty() && whole.path.empty());
    return;
  }
  Demand(!whole.method.empty() && IsPlain(whole.method));
  Demand(absl::StartsWith(whole.path, "/") && IsPlain(whole.path) && !absl::StrContains(whole.path, '?'));
  Demand(absl::StartsWith(bytes, absl::StrCat(whole.method, " ", whole.path)));
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tutti::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
