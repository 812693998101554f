// SPDX-License-Identifier: Apache-2.0
// The head of an HTTP/1 request, as far as a server needs it that answers GETs and closes. Bytes come from strangers: what does
// not look right is refused, nothing is guessed.
#ifndef TUTTI_LIB_EXPORT_HTTP_REQUEST_H_
#define TUTTI_LIB_EXPORT_HTTP_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

struct HttpRequest {
  static constexpr size_t kMaxHeadBytes = 8192;

  enum class State : uint8_t { kIncomplete, kComplete, kBad, kTooLong };
  State state = State::kIncomplete;
  std::string method;  // these two of complete ones
  std::string path;    // without the query
};

// `bytes`: all that has come so far.
HttpRequest ParseHttpRequest(absl::string_view bytes);

// A whole response, after which the connection is closed. `status`: "200 OK".
std::string MakeHttpResponse(absl::string_view status, absl::string_view content_type, absl::string_view body);

}  // namespace tutti

#endif  // TUTTI_LIB_EXPORT_HTTP_REQUEST_H_
