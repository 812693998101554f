// SPDX-License-Identifier: Apache-2.0
// The facts as one JSON object: what `tutti-report --json` prints, and what the page is drawn from. README.md describes it.
#ifndef TUTTI_TOOLS_TUTTI_REPORT_FACTS_JSON_H_
#define TUTTI_TOOLS_TUTTI_REPORT_FACTS_JSON_H_

#include <nlohmann/json_fwd.hpp>

#include "tools/tutti-report/facts.h"

namespace tutti::report {

nlohmann::ordered_json ToJson(const Facts& facts);

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_FACTS_JSON_H_
