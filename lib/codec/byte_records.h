// SPDX-License-Identifier: Apache-2.0
// Writing and reading saved states: records as they lie in memory, one behind the other.
#ifndef TUTTI_LIB_CODEC_BYTE_RECORDS_H_
#define TUTTI_LIB_CODEC_BYTE_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace tutti {

inline void AppendBytes(std::vector<uint8_t>* to, const void* from, size_t bytes) {
  if (bytes == 0) return;
  const size_t end = to->size();
  to->resize(end + bytes);
  std::memcpy(to->data() + end, from, bytes);
}

template <typename T>
void AppendRecord(std::vector<uint8_t>* to, const T& record) {
  AppendBytes(to, &record, sizeof(record));
}

// Takes a record off the front of `from`; false if there are too few bytes.
template <typename T>
bool TakeRecord(std::span<const uint8_t>* from, T* record) {
  if (from->size() < sizeof(T)) return false;
  std::memcpy(record, from->data(), sizeof(T));
  *from = from->subspan(sizeof(T));
  return true;
}

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_BYTE_RECORDS_H_
