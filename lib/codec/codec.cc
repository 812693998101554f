// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/codec.h"

#include "lib/base/prng.h"

namespace tutti {

std::string CodecIdentity::ToString() const {
  std::string text = name;
  char separator = ':';
  for (const auto& [key, value] : parameters) {
    text += separator;
    text += key;
    text += '=';
    text += value;
    separator = ',';
  }
  return text;
}

uint64_t CodecIdentity::Fingerprint() const {
  // FNV-1a over the name, the version and the parameters, each ended by a byte that none of them holds; then mixed.
  uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&hash](const std::string& text) {
    for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
    hash = (hash ^ 0xff) * 0x100000001b3u;
  };
  add(name);
  add(std::to_string(version));
  for (const auto& [key, value] : parameters) {
    add(key);
    add(value);
  }
  return SplitMix64(hash);
}

}  // namespace tutti
