// SPDX-License-Identifier: Apache-2.0
// `tutti-bench codec`: no job and no ranks, only this process and its codecs.
#ifndef TUTTI_BENCH_CODEC_RUN_H_
#define TUTTI_BENCH_CODEC_RUN_H_

namespace tutti::bench {

// argv[0] is "codec". Returns the exit status. Throws nothing.
int RunCodecBench(int argc, const char* const* argv);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_CODEC_RUN_H_
