// SPDX-License-Identifier: Apache-2.0
// The root's output, filled from its input piece by piece: a copy of the whole vector would hold up the sends that all
// other ranks wait for, a piece's copy after its last send goes along with them (and finds the bytes in the cache).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_ROOT_COPY_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_ROOT_COPY_H_

#include "collectives/schedule/builder.h"

namespace tutti::broadcast {

// `piece` is of the input; nothing happens in place.
inline void CopyToOutput(ScheduleBuilder& builder, const Shape& shape, const Region& piece,
                         ScheduleBuilder::StepId after) {
  if (!shape.in_place) builder.Copy(Output(piece.offset, piece.count), piece, {after});
}

}  // namespace tutti::broadcast

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_ROOT_COPY_H_
