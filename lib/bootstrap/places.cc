// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/places.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/bootstrap/failure_sentence.h"

namespace tutti {
namespace {

absl::Status Contradiction(const PeerCard& one, const PeerCard& other) {
  return absl::InvalidArgumentError(absl::StrCat(
      DescribeRank(one.rank, one.host, one.pid), " and ", DescribeRank(other.rank, other.host, other.pid),
      " are on one host, but the first says that it is in \"", one.locality, "\", the other that it is in \"",
      other.locality, "\": give all ranks of a host the same TUTTI_LOCALITY or TUTTI_LOCALITY_FILE"));
}

size_t Depth(absl::string_view locality) {
  return locality.empty() ? 0 : 1 + static_cast<size_t>(std::count(locality.begin(), locality.end(), '/'));
}

// The first names, as many as there are.
absl::string_view Names(absl::string_view locality, size_t most) {
  size_t end = 0;
  for (size_t i = 0; i < most && end != absl::string_view::npos; ++i) end = locality.find('/', i == 0 ? 0 : end + 1);
  return locality.substr(0, end);
}

}  // namespace

absl::StatusOr<Places> PlacesOf(int size, const std::function<const PeerCard&(int)>& card_of) {
  Places places;
  absl::flat_hash_map<absl::string_view, int> lowest_of_host;
  absl::flat_hash_map<int, int> speaker_of_host;  // the lowest rank of the host that tells its locality
  size_t depth = 0;
  size_t part_depth = 0;
  for (int rank = 0; rank < size; ++rank) {
    const PeerCard& card = card_of(rank);
    const int host = lowest_of_host.try_emplace(card.host_id, rank).first->second;
    places.hosts.push_back(host);
    part_depth = std::max(part_depth, Depth(card.part));
    if (card.locality.empty()) continue;
    const PeerCard& speaker = card_of(speaker_of_host.try_emplace(host, rank).first->second);
    if (speaker.locality != card.locality) return Contradiction(speaker, card);
    depth = std::max(depth, Depth(card.locality));
  }
  for (size_t names = part_depth; names > 0; --names) {
    std::vector<int> level;
    absl::flat_hash_map<std::pair<int, absl::string_view>, int> lowest;
    for (int rank = 0; rank < size; ++rank) {
      const std::pair part(places.hosts[static_cast<size_t>(rank)], Names(card_of(rank).part, names));
      level.push_back(lowest.try_emplace(part, rank).first->second);
    }
    places.finer.push_back(std::move(level));
  }
  for (size_t names = depth; names > 0; --names) {
    std::vector<int> level;
    absl::flat_hash_map<absl::string_view, int> lowest;
    for (const int host : places.hosts) {
      const auto speaker = speaker_of_host.find(host);
      if (speaker == speaker_of_host.end()) {
        level.push_back(host);
        continue;
      }
      const int rank = static_cast<int>(level.size());
      level.push_back(lowest.try_emplace(Names(card_of(speaker->second).locality, names), rank).first->second);
    }
    places.wider.push_back(std::move(level));
  }
  return places;
}

}  // namespace tutti
