// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/paths.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

// One entry: length of the name, name, length of the address (two bytes, low first), address.
void Append(absl::string_view name, absl::string_view address, std::string* out) {
  out->push_back(static_cast<char>(name.size()));
  absl::StrAppend(out, name);
  out->push_back(static_cast<char>(address.size() & 0xff));
  out->push_back(static_cast<char>(address.size() >> 8));
  absl::StrAppend(out, address);
}

// Takes `bytes` off the front. False if there are not so many.
bool Take(absl::string_view* text, size_t bytes, absl::string_view* taken) {
  if (text->size() < bytes) return false;
  *taken = text->substr(0, bytes);
  text->remove_prefix(bytes);
  return true;
}

// The address under that name; nullopt-like: *found is false if there is none. False if the text is malformed.
bool Find(absl::string_view text, absl::string_view wanted, absl::string_view* address, bool* found) {
  *found = false;
  while (!text.empty()) {
    absl::string_view length, name, value;
    if (!Take(&text, 1, &length) || !Take(&text, static_cast<uint8_t>(length[0]), &name) || !Take(&text, 2, &length)) {
      return false;
    }
    const size_t bytes = static_cast<uint8_t>(length[0]) + (static_cast<size_t>(static_cast<uint8_t>(length[1])) << 8);
    if (!Take(&text, bytes, &value)) return false;
    if (name != wanted || *found) continue;
    *address = value;
    *found = true;
  }
  return true;
}

}  // namespace

std::string EncodeAddresses(const std::vector<std::unique_ptr<Transport>>& transports) {
  std::string text;
  for (const auto& transport : transports) Append(transport->capabilities().name, transport->Address(), &text);
  return text;
}

absl::StatusOr<PeerConnection> ChoosePath(const std::vector<std::unique_ptr<Transport>>& transports,
                                          absl::string_view own_host_id, const PeerCard& peer) {
  for (size_t i = 0; i < transports.size(); ++i) {
    const TransportCapabilities& capabilities = transports[i]->capabilities();
    if (capabilities.same_host_only && peer.host_id != own_host_id) continue;
    absl::string_view address;
    bool found = false;
    if (!Find(peer.address, capabilities.name, &address, &found)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the addresses of rank ", peer.rank, " cannot be read; do all ranks run the same tutti?"));
    }
    if (!found || !transports[i]->Reaches(address)) continue;
    return PeerConnection{peer.rank, static_cast<uint8_t>(i), std::string(address), peer.host_id == own_host_id};
  }
  std::string names;
  for (const auto& transport : transports) {
    absl::StrAppend(&names, names.empty() ? "" : ",", transport->capabilities().name);
  }
  return absl::UnavailableError(absl::StrCat(
      "rank ", peer.rank, " on host ", peer.host, " cannot be reached by ", names.empty() ? "anything" : names,
      ", which is all that this rank has; is TUTTI_TRANSPORT the same on all ranks, and do all have what it names?"));
}

}  // namespace tutti
