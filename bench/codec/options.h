// SPDX-License-Identifier: Apache-2.0
// The command line of `tutti-bench codec`.
#ifndef TUTTI_BENCH_CODEC_OPTIONS_H_
#define TUTTI_BENCH_CODEC_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tutti::bench {

struct CodecOptions {
  std::vector<std::string> specs;  // as users write them
  std::vector<uint64_t> sizes;     // bytes of values, multiples of 4; not used if there is a file
  std::string file;                // of float32 values; "": random ones
  uint64_t seed = 1;
  int rounds = 21;
  std::string json_file;
  std::vector<std::string> command_line;
};

// argv[0] is "codec". Nothing if the program is to end at once with *status: help is printed, or a sentence on stderr
// says what is wrong.
std::optional<CodecOptions> ParseCodecOptions(int argc, const char* const* argv, int* status);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_CODEC_OPTIONS_H_
