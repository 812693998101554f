// SPDX-License-Identifier: Apache-2.0
#include "collectives/patterns/recursive_doubling.h"

#include <bit>

namespace tutti {

RecursiveDoubling::RecursiveDoubling(int num_ranks, int rank)
    : rank_(rank), num_rounds_(std::bit_width(static_cast<unsigned>(num_ranks)) - 1) {
  extra_ = num_ranks - (1 << num_rounds_);
  if (rank < 2 * extra_) {
    core_rank_ = rank / 2;
    fold_ = rank % 2 == 0 ? Fold::kTakes : Fold::kGives;
  } else {
    core_rank_ = rank - extra_;
  }
}

int RecursiveDoubling::Partner(int round) const {
  const int core_partner = core_rank_ ^ (1 << round);
  return core_partner < extra_ ? 2 * core_partner : core_partner + extra_;
}

}  // namespace tutti
