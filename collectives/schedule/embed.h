// SPDX-License-Identifier: Apache-2.0
// Schedules made of schedules: a collective among some of the ranks as a part of a larger one.
#ifndef TUTTI_COLLECTIVES_SCHEDULE_EMBED_H_
#define TUTTI_COLLECTIVES_SCHEDULE_EMBED_H_

#include "absl/types/span.h"

#include "collectives/schedule/builder.h"
#include "collectives/schedule/schedule.h"

namespace tutti {

// Appends `part`, a schedule for one rank of members.size() ranks whose input and output are the same memory (in place).
// That memory is `vector` here, and the part's rank r is members[r].
void Embed(ScheduleBuilder& builder, const Schedule& part, absl::Span<const int> members, const Region& vector);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SCHEDULE_EMBED_H_
