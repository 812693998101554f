// SPDX-License-Identifier: Apache-2.0
#include "lib/reduce/user_op.h"

namespace tutti {
namespace {

uint16_t FingerprintOf(const UserOpTraits& traits) {
  // FNV-1a: the same on all ranks, whatever their standard library hashes like.
  uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&hash](uint8_t byte) { hash = (hash ^ byte) * 0x100000001b3u; };
  for (const char c : traits.name) add(static_cast<uint8_t>(c));
  add(traits.commutes ? 1 : 2);
  add(static_cast<uint8_t>(traits.item_elements));
  return static_cast<uint16_t>(hash ^ (hash >> 16) ^ (hash >> 32) ^ (hash >> 48));
}

}  // namespace

UserOp::UserOp(UserOpTraits traits) : traits_(std::move(traits)), fingerprint_(FingerprintOf(traits_)) {}

}  // namespace tutti
