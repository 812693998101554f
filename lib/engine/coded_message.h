// SPDX-License-Identifier: Apache-2.0
// How an encoded slice lies in its slot and travels: a header that says how long it is and what made it, then its bytes.
// The header is a message of its own, because a receive must name the length of what it gets. Both are posted at once, so
// it costs no round trip: when it has come, the receiver posts the receive for the rest.
#ifndef TUTTI_LIB_ENGINE_CODED_MESSAGE_H_
#define TUTTI_LIB_ENGINE_CODED_MESSAGE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tutti {

static_assert(std::endian::native == std::endian::little, "headers are little-endian, and sent as they are");

// What must be equal on both ends, and the length, which is the slice's own.
struct CodedHeader {
  static constexpr uint32_t kLayout = 0x31434d54;  // "TMC1"

  uint32_t layout = kLayout;
  uint32_t name_bytes = 0;
  uint64_t encoded_bytes = 0;
  uint64_t fingerprint = 0;  // CodecIdentity::Fingerprint
  uint64_t tensor = 0;
  uint64_t step = 0;
  char name[88] = {};  // the codec's identity as text, for the sentence of a rank that has another one; may be cut off

  void SetName(std::string_view text) {
    name_bytes = static_cast<uint32_t>(text.size() < sizeof(name) ? text.size() : sizeof(name));
    std::memcpy(name, text.data(), name_bytes);
  }
  // Of what all ranks must give alike; never 0.
  uint64_t Hash() const {
    uint64_t hash = fingerprint;
    for (const uint64_t part : {tensor, step}) hash = (hash ^ part) * 0x9e3779b97f4a7c15u;
    return hash | 1;
  }
  // From the wire: any number, any bytes.
  std::string_view Name() const { return {name, name_bytes < sizeof(name) ? name_bytes : sizeof(name)}; }
};
static_assert(sizeof(CodedHeader) == 128, "keeps what follows on a cache line of its own");

// Headers have the numbers of their messages, with this bit.
inline constexpr uint32_t kHeaderIndex = 1u << 30;

// A slot: the header, then room for `capacity` bytes.
inline CodedHeader HeaderOf(const std::byte* slot) {
  CodedHeader header;
  std::memcpy(&header, slot, sizeof(header));
  return header;
}
inline std::byte* PayloadOf(std::byte* slot) { return slot + sizeof(CodedHeader); }

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_CODED_MESSAGE_H_
