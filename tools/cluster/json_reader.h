// SPDX-License-Identifier: Apache-2.0
// Reads values out of JSON that people have written, and says of each mistake where it is: "at /paths/rack/latency_us: ...".
// The first mistake is kept; after it, nothing more is read.
#ifndef TUTTI_TOOLS_CLUSTER_JSON_READER_H_
#define TUTTI_TOOLS_CLUSTER_JSON_READER_H_

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti::cluster {

using Json = nlohmann::ordered_json;

// Comments (// and /* */) are allowed. InvalidArgument: line, column, what was expected, and the line itself with a mark.
absl::StatusOr<Json> ParseJson(absl::string_view text);

class JsonReader {
 public:
  // The root. `status` gets the first mistake; both must outlive it and all readers made from it.
  JsonReader(const Json& value, absl::Status& status) : value_(value), status_(status) {}

  bool ok() const { return status_.ok(); }
  const Json& value() const { return value_; }

  // Whether it is an object with no other keys than these; else a mistake.
  bool IsObject(std::initializer_list<const char*> keys);
  bool Has(const char* key) const { return ok() && value_.is_object() && value_.contains(key); }
  JsonReader At(const char* key) const;
  JsonReader At(size_t index) const;
  // The elements; a mistake and 0 if it is no list.
  size_t ListSize();

  // Changes *out if the key is there and right.
  void Number(const char* key, double least, double most, double* out) const;
  void Integer(const char* key, int64_t least, int64_t most, int64_t* out) const;
  void Integer(const char* key, int least, int* out) const;

  double AsNumber(double least, double most);
  int64_t AsInteger(int64_t least, int64_t most);
  std::string AsText();

  // Keeps the mistake, unless there was one before.
  void Fail(absl::string_view what);

 private:
  JsonReader(const Json& value, absl::Status& status, std::string place)
      : value_(value), status_(status), place_(std::move(place)) {}

  const Json& value_;
  absl::Status& status_;
  std::string place_;  // JSON pointer; "" at the root
};

}  // namespace tutti::cluster

#endif  // TUTTI_TOOLS_CLUSTER_JSON_READER_H_
