// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/launcher.h"

#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tutti {
namespace {

// FNV-1a, 64 bits: the same on every host and in every build, which std::hash and absl::Hash are not.
uint64_t StableHash(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

bool Agree(const LauncherFacts& a, const LauncherFacts& b) {
  return a.rank->text == b.rank->text && a.size->text == b.size->text;
}

}  // namespace

int DerivePort(absl::string_view seed) {
  constexpr int kFirstPort = 20480;
  constexpr uint64_t kPorts = 32768 - kFirstPort;
  const uint64_t hash = StableHash(seed);
  return kFirstPort + static_cast<int>((hash ^ (hash >> 32)) % kPorts);
}

std::string PrivateRendezvousPath(const Environment& environment, absl::string_view key) {
  std::string name;
  for (char c : key.substr(0, 64)) {
    name.push_back(absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ? c : '_');
  }
  if (name != key) absl::StrAppend(&name, absl::StrFormat("-%016x", StableHash(key)));
  return absl::StrCat("/tmp/tutti-", environment.user_id, "/", name, ".rendezvous");
}

std::string TcpRendezvous(absl::string_view host, int port) {
  if (host.find(':') == absl::string_view::npos) return absl::StrCat("tcp://", host, ":", port);
  return absl::StrCat("tcp://[", host, "]:", port);
}

LauncherFacts DetectLauncher(const Environment& environment, std::optional<int> port) {
  LauncherFacts torchrun = FactsFromTorchrun(environment, port);
  LauncherFacts slurm = FactsFromSlurm(environment, port);
  LauncherFacts mpi = FactsFromOpenMpi(environment);
  if (!mpi.complete()) {
    if (LauncherFacts pmi = FactsFromPmi(environment); pmi.complete() || !mpi.partial()) mpi = std::move(pmi);
  }
  if (torchrun.complete()) return torchrun;
  if (slurm.complete() && mpi.complete() && !Agree(slurm, mpi)) return mpi;
  if (slurm.complete()) return slurm;
  if (mpi.complete()) return mpi;
  for (LauncherFacts* facts : {&torchrun, &slurm, &mpi}) {
    if (facts->partial()) return std::move(*facts);
  }
  return {};
}

}  // namespace tutti
