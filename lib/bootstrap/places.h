// SPDX-License-Identifier: Apache-2.0
// From the cards of all ranks: which of them share a host, and which hosts share what is wider. What rank 0's service finds out
// once for everybody.
#ifndef TUTTI_LIB_BOOTSTRAP_PLACES_H_
#define TUTTI_LIB_BOOTSTRAP_PLACES_H_

#include <functional>

#include "absl/status/statusor.h"
#include "lib/bootstrap/control_plane.h"

namespace tutti {

// `card_of(rank)` for each of `size` ranks. A rank that tells no locality has that of its host's others; a host of which none
// does is a group of its own at every level. Ranks that tell no part of their host are in one. InvalidArgument: a sentence about two ranks of one host that tell different ones.
absl::StatusOr<Places> PlacesOf(int size, const std::function<const PeerCard&(int)>& card_of);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_PLACES_H_
