// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/calibrate.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <new>
#include <vector>

#include "absl/strings/str_cat.h"

#include "lib/base/dtype.h"
#include "lib/reduce/reduce.h"
#include "tools/cluster/cluster_file.h"
#include "tools/cluster/cost_fit.h"
#include "tools/topology/machine.h"
#include "tutti/tutti.h"

namespace tutti::info {
namespace {

constexpr int kExchanges = 2000;  // of small messages; half of them before it counts
constexpr int kLongExchanges = 24;
constexpr int kBurst = 256;
constexpr int kBursts = 20;
constexpr uint64_t kSmallBytes = 8;
constexpr uint64_t kLimitBytes = 64 << 10;  // what TCP sends without being asked
constexpr uint64_t kMiddleBytes = 512 << 10;
constexpr uint64_t kLongBytes = 2 << 20;     // two ranks at once: a quarter of common caches
constexpr uint64_t kMemoryBytes = 48 << 20;  // four times that is more than all caches hold
constexpr int kSwitches = 2000;              // each way
constexpr int64_t kMostSwitchingNs = 1'000'000'000;
constexpr int kHostBytes = 64;
constexpr int kAllRanks = 1 << 20;  // more than any job has

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int64_t Median(std::vector<int64_t> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<int64_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

// The job, and the first failure in it: after that, nothing is measured.
class Meter {
 public:
  Meter() { Take(tutti_comm_create(nullptr, &comm_)); }
  ~Meter() { (void)tutti_comm_destroy(comm_); }
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  tutti_comm_t comm() const { return comm_; }
  void Take(tutti_status_t status) {
    if (ok() && status != TUTTI_OK) error_ = absl::StrCat(tutti_status_name(status), ": ", tutti_last_error());
  }
  int rank() {
    int rank = 0;
    if (ok()) Take(tutti_comm_rank(comm_, &rank));
    return rank;
  }
  int size() {
    int size = 1;
    if (ok()) Take(tutti_comm_size(comm_, &size));
    return size;
  }
  void Exchange(uint64_t bytes, int peer) { Exchange(buffer_.data(), received_.data(), bytes, peer); }
  void Exchange(const uint8_t* sent, uint8_t* received, uint64_t bytes, int peer) {
    tutti_request_t request = nullptr;
    if (ok()) Take(tutti_recv(comm_, received, bytes, TUTTI_UINT8, peer, nullptr, &request));
    if (ok()) Take(tutti_send(comm_, sent, bytes, TUTTI_UINT8, peer, nullptr, nullptr));
    if (ok()) Take(tutti_request_wait(&request));
  }
  void Send(uint64_t bytes, int peer) {
    if (ok()) Take(tutti_send(comm_, buffer_.data(), bytes, TUTTI_UINT8, peer, nullptr, nullptr));
  }
  void Receive(uint64_t bytes, int peer) {
    if (ok()) Take(tutti_recv(comm_, buffer_.data(), bytes, TUTTI_UINT8, peer, nullptr, nullptr));
  }

 private:
  tutti_comm_t comm_ = nullptr;
  std::string error_;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(kLongBytes);
  std::vector<uint8_t> received_ = std::vector<uint8_t>(kLongBytes);
};

// Times of the second half of the exchanges, in which both send and receive at once, as in most collectives: both cores are at
// work, which they are not when a message goes back and forth.
std::vector<int64_t> Exchanges(Meter& meter, int rank, int peer, uint64_t bytes, int times) {
  std::vector<int64_t> taken;
  const int other = rank == 0 ? peer : 0;
  for (int i = 0; i < times && meter.ok(); ++i) {
    const int64_t begin = NowNs();
    meter.Exchange(bytes, other);
    if (i >= times / 2) taken.push_back(NowNs() - begin);
  }
  if (taken.empty()) taken.push_back(1);
  return taken;
}

int64_t OneWay(Meter& meter, int rank, int peer, uint64_t bytes) {
  return Median(Exchanges(meter, rank, peer, bytes, bytes > kMiddleBytes / 2 ? kLongExchanges : kExchanges / 4));
}

// Per message, when many are sent before the answer.
int64_t BurstNs(Meter& meter, int rank, int peer) {
  std::vector<int64_t> taken;
  for (int i = 0; i < kBursts && meter.ok(); ++i) {
    const int64_t begin = NowNs();
    for (int k = 0; k < kBurst; ++k) {
      if (rank == 0) meter.Send(kSmallBytes, peer);
      if (rank != 0) meter.Receive(kSmallBytes, 0);
    }
    if (rank == 0) meter.Receive(kSmallBytes, peer);
    if (rank != 0) meter.Send(kSmallBytes, 0);
    taken.push_back((NowNs() - begin) / kBurst);
  }
  return taken.empty() ? 1 : Median(taken);
}

struct PathResult {
  simulate::PathCost cost;
  simulate::Noise noise;
};

PathResult MeasurePath(Meter& meter, int rank, int peer, bool between_hosts) {
  cluster::PathMeasurement m;
  const std::vector<int64_t> exchanges = Exchanges(meter, rank, peer, kSmallBytes, kExchanges);
  m.small_ns = Median(exchanges);
  m.burst_ns = BurstNs(meter, rank, peer);
  m.limit_bytes = kLimitBytes;
  m.at_limit_ns = OneWay(meter, rank, peer, kLimitBytes);
  m.above_limit_ns = OneWay(meter, rank, peer, kLimitBytes + 64);
  m.middle_bytes = kMiddleBytes;
  m.middle_ns = OneWay(meter, rank, peer, kMiddleBytes);
  m.long_bytes = kLongBytes;
  m.long_ns = OneWay(meter, rank, peer, kLongBytes);
  m.between_hosts = between_hosts;
  return {cluster::FitPath(m), cluster::FitNoise(exchanges)};
}

// The lowest rank beside rank 0 on its host, and on another; -1: there is none. The same on all ranks.
struct Partners {
  int host = -1;
  int far = -1;
};

Partners FindPartners(Meter& meter, int size) {
  std::array<char, kHostBytes> own{};
  const char* told = std::getenv("TUTTI_HOST_ID");
  if (told != nullptr) std::strncpy(own.data(), told, own.size() - 1);
  if (told == nullptr) (void)gethostname(own.data(), own.size() - 1);
  std::vector<char> all(static_cast<size_t>(size) * kHostBytes);
  if (meter.ok()) {
    meter.Take(tutti_all_gather(meter.comm(), own.data(), all.data(), kHostBytes, TUTTI_INT8, nullptr, nullptr));
  }
  Partners partners;
  for (int r = size - 1; r > 0; --r) {
    const bool same = std::memcmp(all.data(), all.data() + static_cast<size_t>(r) * kHostBytes, kHostBytes) == 0;
    (same ? partners.host : partners.far) = r;
  }
  return partners;
}

// From a call to its end, where there is nobody to wait for.
int64_t CallNs(Meter& meter, int rank) {
  tutti_comm_t alone = nullptr;
  if (meter.ok()) meter.Take(tutti_comm_split(meter.comm(), rank, 0, &alone));
  std::vector<int64_t> taken;
  float value = 1;
  for (int i = 0; i < kExchanges && meter.ok(); ++i) {
    const int64_t begin = NowNs();
    meter.Take(tutti_all_reduce(alone, &value, &value, 1, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr));
    taken.push_back(NowNs() - begin);
  }
  (void)tutti_comm_destroy(alone);
  return taken.empty() ? 1 : Median(taken);
}

// Of vectors that fit no cache of one core; ps for each byte of one operand.
double ReducePsPerByte(uint64_t bytes) {
  std::vector<float> a(bytes / sizeof(float), 1);
  std::vector<float> b(a.size(), 2);
  std::vector<int64_t> taken;
  for (int i = 0; i < kLongExchanges; ++i) {
    const int64_t begin = NowNs();
    KernelsFor(DataType::kFloat32, ReduceOp::kSum).reduce(a.data(), a.data(), b.data(), a.size());
    taken.push_back(NowNs() - begin);
  }
  return static_cast<double>(Median(taken)) * simulate::kPsPerNs / static_cast<double>(bytes);
}

double CopyPsPerByte(uint64_t bytes) {
  std::vector<char> a(bytes, 1);
  std::vector<char> b(bytes, 2);
  std::vector<int64_t> taken;
  for (int i = 0; i < kLongExchanges; ++i) {
    const int64_t begin = NowNs();
    std::memcpy(a.data(), b.data(), a.size());
    b[static_cast<size_t>(i)] = a[static_cast<size_t>(i) + 1];  // so that none is left out
    taken.push_back(NowNs() - begin);
  }
  return static_cast<double>(Median(taken)) * simulate::kPsPerNs / static_cast<double>(bytes);
}

// How many times as long exchanges take whose bytes come from memory, because each goes on where the one before ended.
double UncachedExchanges(Meter& meter, int rank, int peer) {
  std::vector<uint8_t> sent(kMemoryBytes, 1);
  std::vector<uint8_t> received(kMemoryBytes, 1);
  std::vector<int64_t> taken;
  for (int round = 0; round < 2 && meter.ok(); ++round) {
    for (uint64_t at = 0; at < kMemoryBytes && meter.ok(); at += kMiddleBytes) {
      const int64_t begin = NowNs();
      meter.Exchange(&sent[at], &received[at], kMiddleBytes, rank == 0 ? peer : 0);
      if (round > 0) taken.push_back(NowNs() - begin);
    }
  }
  if (taken.empty()) return 1;
  const int64_t cached = Median(Exchanges(meter, rank, peer, kMiddleBytes, 2 * kLongExchanges));
  return std::max(1.0, static_cast<double>(Median(taken)) / static_cast<double>(cached));
}

// From one process to another on the same core, where both only give it up: between this one and a child. 0: it cannot be
// measured here. The child of a process with threads may do little more than this.
int64_t SwitchNs() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 0;
  const int here = sched_getcpu();
  if (here < 0) return 0;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(here), &one);
  void* const page = mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 0;
  auto* const turn = new (page) std::atomic<int>(0);
  const int64_t give_up_ns = NowNs() + kMostSwitchingNs;
  const auto take_turns = [&](int own) {
    for (int i = own; i < 2 * kSwitches; i += 2) {
      while (turn->load() != i) {
        if (NowNs() > give_up_ns) return false;
        sched_yield();
      }
      turn->store(i + 1);
    }
    return true;
  };
  int64_t taken = 0;
  if (sched_setaffinity(0, sizeof one, &one) == 0) {
    const pid_t child = fork();
    if (child == 0) _exit(take_turns(1) ? 0 : 1);
    const int64_t begin = NowNs();
    if (child > 0 && take_turns(0)) taken = NowNs() - begin;
    if (child > 0) (void)waitpid(child, nullptr, 0);
    (void)sched_setaffinity(0, sizeof allowed, &allowed);
  }
  (void)munmap(page, sizeof(std::atomic<int>));
  return taken / (2 * kSwitches);
}

// The largest caches of this host together; 0 if hwloc does not know.
uint64_t CacheBytesHere() {
  const absl::StatusOr<topology::Place> machine = topology::ReadMachine(topology::Devices::kNone);
  return machine.ok() ? topology::LargestCacheBytes(*machine) : 0;
}

int CoresHere() {
  cpu_set_t allowed;
  return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
}

std::string TransportsText() {
  const char* transports = std::getenv("TUTTI_TRANSPORT");
  return transports != nullptr ? transports : "shm,verbs,tcp";
}

cluster::Json ToJson(const simulate::Costs& costs, int64_t switch_ns, const Partners& partners, int size) {
  const cluster::Json all = cluster::CostsToJson(costs);
  cluster::Json json = {{"about", absl::StrCat("measured by tutti-info ", TUTTI_VERSION, " with ", size, " ranks")},
                        {"fingerprint", absl::StrCat(CoresHere(), " cores, ", TransportsText(), ", kernels for ",
                                                     ReduceTargetName(), partners.far >= 0 ? ", several hosts" : "")}};
  if (partners.host >= 0) json["cores_per_host"] = CoresHere();
  if (partners.host >= 0) json["switch_us"] = static_cast<double>(switch_ns) / 1e3;
  // Nothing is known of other hosts.
  if (partners.far < 0) json["ranks_per_host"] = kAllRanks;
  for (const char* key : {"call_us", "reduce_GBps", "copy_GBps", "noise"}) json[key] = all[key];
  if (all.contains("uncached")) json["uncached"] = all["uncached"];
  if (partners.host >= 0) json["paths"]["host"] = all["paths"]["host"];
  if (partners.far >= 0) json["paths"]["rack"] = all["paths"]["rack"];
  return json;
}

int Fail(absl::string_view sentence) {
  std::cerr << "tutti-info: " << sentence << "\n";
  return 1;
}

}  // namespace

int Calibrate(const std::string& file) {
  Meter meter;
  const int rank = meter.rank();
  const int size = meter.size();
  if (!meter.ok()) return Fail(meter.error());
  if (size < 2) return Fail("--calibrate needs two ranks or more: tutti-run -n 2 -- tutti-info --calibrate FILE");
  const Partners partners = FindPartners(meter, size);
  simulate::Costs costs = simulate::Costs::Default();
  const auto measure = [&](int partner, simulate::PathClass path) {
    if (partner < 0) return;
    if (rank == 0 || rank == partner) {
      const PathResult result = MeasurePath(meter, rank, partner, path != simulate::PathClass::kHost);
      costs.paths[static_cast<size_t>(path)] = result.cost;
      costs.noise = result.noise;
      if (path == simulate::PathClass::kHost) costs.uncached.messages = UncachedExchanges(meter, rank, partner);
    }
    if (meter.ok()) meter.Take(tutti_barrier(meter.comm(), nullptr, nullptr));
  };
  measure(partners.host, simulate::PathClass::kHost);
  measure(partners.far, simulate::PathClass::kRack);
  costs.call_ps = CallNs(meter, rank) * simulate::kPsPerNs;
  if (rank == 0) {
    costs.reduce_ps_per_byte = ReducePsPerByte(kLongBytes);
    costs.copy_ps_per_byte = CopyPsPerByte(kLongBytes);
    costs.uncached.cache_bytes = CacheBytesHere();
    costs.uncached.reduce = std::max(1.0, ReducePsPerByte(kMemoryBytes) / costs.reduce_ps_per_byte);
    costs.uncached.copy = std::max(1.0, CopyPsPerByte(kMemoryBytes) / costs.copy_ps_per_byte);
  }
  if (meter.ok()) meter.Take(tutti_barrier(meter.comm(), nullptr, nullptr));
  if (!meter.ok()) return Fail(meter.error());
  if (rank != 0) return 0;
  std::ofstream out(file);
  out << ToJson(costs, SwitchNs(), partners, size).dump(2) << "\n" << std::flush;
  if (!out) return Fail(absl::StrCat(file, " cannot be written"));
  std::cout << "measured costs are in " << file << "\n";
  return 0;
}

}  // namespace tutti::info
