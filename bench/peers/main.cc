// SPDX-License-Identifier: Apache-2.0
// One rank of one library: binds itself, starts the library, measures all sizes, and rank 0 writes the results down.
// This file and its neighbours are the same for every library; StartLibrary is not.
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <numeric>
#include <stdexcept>

#include "bench/peers/loop/library.h"
#include "bench/peers/loop/loop.h"
#include "bench/peers/loop/options.h"
#include "bench/peers/loop/pin.h"
#include "bench/peers/loop/region.h"

namespace tutti::peers {
namespace {

void Append(std::FILE* file, const SizeResult& result) {
  const auto percentile = [&](double percent) { return static_cast<long long>(result.times.PercentileNs(percent)); };
  std::fprintf(file,
               "{\"bytes\": %zu, \"iterations\": %zu, \"checked\": %zu, \"wrong\": %llu, \"min_ns\": %lld, "
               "\"p50_ns\": %lld, \"p99_ns\": %lld, \"p999_ns\": %lld, \"max_ns\": %lld}\n",
               result.bytes, result.iterations, result.checked, static_cast<unsigned long long>(result.wrong),
               percentile(0), percentile(50), percentile(99), percentile(99.9), percentile(100));
  std::fflush(file);  // what is known stays known if a later size hangs
}

// No library meets its first large message while small ones are measured. Some grow with what they have seen: Gloo, for
// one, sets a socket's send buffer by the largest message so far, and waits 40 ms for acknowledgements if it is small.
constexpr size_t kHistoryBytes = size_t{4} << 20;
void RunHistory(Library* library, float* send, float* recv, size_t bytes) {
  constexpr int kTimes = 2;
  library->Prepare(send, recv, bytes / sizeof(float));
  for (int i = 0; i < kTimes; ++i) library->AllReduce(send, recv, bytes / sizeof(float));
}

void Measure(Library* library, const Options& options) {
  const int rank = library->rank();
  const bool own_core = options.cores.empty() || static_cast<size_t>(library->ranks()) <= options.cores.size();
  Region region(options.region, rank, library->ranks(), options.loop.max_iterations,
                own_core ? BarrierWait::kSpin : BarrierWait::kYield);
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  const File output(rank == 0 ? std::fopen(options.output.c_str(), "a") : nullptr, &std::fclose);
  if (rank == 0 && output == nullptr) throw std::runtime_error("cannot write to " + options.output);

  const size_t largest = std::accumulate(options.sizes.begin(), options.sizes.end(), kHistoryBytes,
                                         [](size_t a, size_t b) { return std::max(a, b); });
  float* const send = library->Allocate(largest);
  float* const recv = library->out_of_place() ? library->Allocate(largest) : send;
  // So that no page is touched for the first time under the clock.
  std::fill_n(send, largest / sizeof(float), 0.0f);
  std::fill_n(recv, largest / sizeof(float), 0.0f);
  RunHistory(library, send, recv, largest);
  for (const size_t bytes : options.sizes) {
    const SizeResult result = MeasureSize(library, &region, options.loop, send, recv, bytes);
    if (rank == 0) Append(output.get(), result);
  }
}

// The rank under which a launcher will start this process is known only after the library has started, but the binding
// must come before, so that the library's own threads inherit it. All launchers that we use put it in the environment.
int RankBeforeStart(const Options& options) {
  if (options.place.rank >= 0) return options.place.rank;
  for (const char* name : {"TUTTI_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK"}) {
    if (const char* const text = std::getenv(name)) return std::atoi(text);
  }
  throw std::runtime_error("the launcher does not tell the rank");
}

// Freed memory stays with the process. Some libraries allocate a buffer as large as the message in every call, and the
// kernel would take it back and zero it anew each time.
void KeepFreedMemory() {
  constexpr int kBytes = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, kBytes);
  ::mallopt(M_TRIM_THRESHOLD, kBytes);
}

int Run(int argc, char** argv) {
  try {
    KeepFreedMemory();
    const Options options = ParseOptions(argc, argv);
    // Whatever happens to the driver, the launcher or the library: this process ends.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(options.limit_s);
    const int rank = RankBeforeStart(options);
    if (!options.cores.empty()) PinTo(options.cores[static_cast<size_t>(rank) % options.cores.size()]);

    const std::unique_ptr<Library> library = StartLibrary(options.place, options.variant);
    if (library->rank() != rank) throw std::runtime_error("the launcher and the library name different ranks");
    if (options.region.empty()) {
      if (rank == 0) std::printf("%s\n", library->version().c_str());
    } else {
      Measure(library.get(), options);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    std::fflush(nullptr);
    ::_exit(1);  // no destructors: they might wait for other ranks
  }
}

}  // namespace
}  // namespace tutti::peers

int main(int argc, char** argv) { return tutti::peers::Run(argc, argv); }
