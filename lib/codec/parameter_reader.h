// SPDX-License-Identifier: Apache-2.0
// Reads a codec's parameters, keeps the first error, and writes numbers back in their canonical form ("0.010" becomes
// "0.01"), so that equal parameters have equal identities.
#ifndef TUTTI_LIB_CODEC_PARAMETER_READER_H_
#define TUTTI_LIB_CODEC_PARAMETER_READER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "lib/codec/codec.h"

namespace tutti {

// After an error the functions return some valid value. Keys must be there.
class ParameterReader {
 public:
  explicit ParameterReader(CodecIdentity* identity) : identity_(*identity) {}

  const absl::Status& status() const { return status_; }

  // The logarithm of a power of two, from 2^least to 2^most.
  int Log2(const char* key, int least, int most);
  uint64_t Number(const char* key);
  // above < value <= most.
  double Real(const char* key, double above, double most);
  // False for the first choice, true for the second.
  bool Choice(const char* key, const char* first, const char* second);

 private:
  void Refuse(const char* key, const std::string& wanted);

  CodecIdentity& identity_;
  absl::Status status_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_PARAMETER_READER_H_
