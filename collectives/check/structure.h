// SPDX-License-Identifier: Apache-2.0
// Checks each step on its own: indices, bounds, lengths, peers, flags, and that the input is never written. After it,
// every index in the schedules can be followed and every region lies in its buffer; nothing else is known.
#ifndef TUTTI_COLLECTIVES_CHECK_STRUCTURE_H_
#define TUTTI_COLLECTIVES_CHECK_STRUCTURE_H_

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::check {

// `shape` has passed CheckShape.
absl::Status CheckStructure(const Shape& shape, absl::Span<const Schedule> schedules);

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_STRUCTURE_H_
