// SPDX-License-Identifier: Apache-2.0
// Totals in Prometheus' text format (version 0.0.4), for node_exporter's textfile collector or a scrape. Counters begin anew at
// each mark, which Prometheus takes for a restart.
#ifndef TUTTI_LIB_EXPORT_PROMETHEUS_TEXT_H_
#define TUTTI_LIB_EXPORT_PROMETHEUS_TEXT_H_

#include <string>
#include <vector>

#include "lib/export/telemetry_source.h"

namespace tutti {

// Each communicator is of this rank.
std::string PrometheusText(const RankIdentity& identity, const std::vector<CommTotals>& comms);

}  // namespace tutti

#endif  // TUTTI_LIB_EXPORT_PROMETHEUS_TEXT_H_
