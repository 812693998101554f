// SPDX-License-Identifier: Apache-2.0
// The operations in the trace event format of Chrome and Perfetto (ui.perfetto.dev): hosts are processes, ranks are tracks,
// and arrows lead from the rank that came last to those that waited for it, and from each send to its receive.
#ifndef TUTTI_TOOLS_TUTTI_REPORT_PERFETTO_H_
#define TUTTI_TOOLS_TUTTI_REPORT_PERFETTO_H_

#include <ostream>

#include "tools/tutti-report/clocks.h"
#include "tools/tutti-report/records.h"

namespace tutti::report {

void WritePerfetto(const Records& records, const Clocks& clocks, std::ostream& out);

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_PERFETTO_H_
