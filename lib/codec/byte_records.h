// SPDX-License-Identifier: Apache-2.0
// Writing and reading saved states: records as they lie in memory, one behind the other. The first one says what follows.
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

// What all saved states begin with: four letters that say whose they are, and a number that must be the same when they are
// restored (a version, or options that decide what follows).
struct SavedMark {
  char letters[4];
  uint32_t number;

  friend bool operator==(const SavedMark&, const SavedMark&) = default;
};
static_assert(sizeof(SavedMark) == 8);

// Takes a mark off the front of `from`; false if there is another one, or none.
inline bool TakeMark(std::span<const uint8_t>* from, const SavedMark& wanted) {
  SavedMark mark;
  return TakeRecord(from, &mark) && mark == wanted;
}

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_BYTE_RECORDS_H_
