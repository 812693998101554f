// SPDX-License-Identifier: Apache-2.0
// The figures as a table for people and as JSON. As text: it prints nothing itself.
#ifndef TUTTI_BENCH_CODEC_CODEC_REPORT_H_
#define TUTTI_BENCH_CODEC_CODEC_REPORT_H_

#include <string>
#include <vector>

#include "bench/codec/measure.h"
#include "bench/codec/options.h"

namespace tutti::bench {

std::string CodecTableHeader(const CodecOptions& options);
std::string CodecTableLine(const CodecRow& row);

std::string CodecJson(const CodecOptions& options, const std::string& started, const std::vector<CodecRow>& rows);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_CODEC_CODEC_REPORT_H_
