// SPDX-License-Identifier: Apache-2.0
// Every setting of a job, where it may come from, and which source won. Resolving is a pure function of its two
// arguments: no file, no network, no clock, no logging.
//
// ORDER, for each knob: the caller's config struct, the TUTTI_* variable, the launcher (torchrun, Slurm, Open MPI,
// PMI), the default. Rank, size and what belongs to them (local rank, local size, rendezvous, job id) are never mixed:
// if config or TUTTI_* name the rank or the size, a launcher's word on any of them is ignored.
#ifndef TUTTI_LIB_BOOTSTRAP_SETTINGS_H_
#define TUTTI_LIB_BOOTSTRAP_SETTINGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/bootstrap/environment.h"
#include "lib/bootstrap/launcher.h"

namespace tutti {

struct Knob;

// Ranks and sizes beyond this are refused as nonsense.
inline constexpr int kMaxJobSize = 1 << 20;

enum class WaitPolicy : uint8_t { kAdaptive, kSpin, kSleep };

// How the ranks find rank 0.
enum class RendezvousKind : uint8_t {
  kNone,      // a job of one rank needs nobody
  kTcp,       // JobSettings::rendezvous is "tcp://host:port", where rank 0 listens
  kFile,      // JobSettings::rendezvous is "file:///path", where rank 0 writes its address
  kExchange,  // the caller's own channel
};

// What the caller's config struct says; an empty optional leaves the knob to the next source.
struct SettingsOverrides {
  std::optional<int> rank, size, local_rank, local_size;
  std::optional<std::string> rendezvous, secret, interface, algorithm, transport, verbs_devices, trace, prometheus_file,
      http, locality;
  std::optional<int64_t> timeout_ns, budget_ns;
  std::optional<WaitPolicy> wait;
  std::optional<int> progress_thread, progress_core, telemetry;
  std::optional<LogLevel> log_level;
  bool has_exchange = false;  // the ranks find each other through the caller's exchange function
};

// The value of one knob, and who says so.
struct KnobValue {
  const Knob* knob = nullptr;  // static
  std::string text;            // as written; "" if there is none. Never show a secret one (knob->is_secret).
  std::string origin;          // "config field rank", "TUTTI_RANK", "SLURM_PROCID (Slurm)", "default"
};

// Which RDMA devices, and how their packets travel; transports/verbs/verbs_options.h says what each is for.
struct VerbsSettings {
  std::string devices;  // empty: any
  int gid_index = -1;   // -1: chosen by type and address
  int traffic_class = 0;
  int service_level = 0;
  int hop_limit = 64;
  int ack_timeout = 16;
  int retry_count = 6;
  int rails = 2;
  int pairs_per_rail = 1;
};

struct JobSettings {
  int rank = 0;
  int size = 1;
  int local_rank = -1;  // place among the ranks of this host, -1: unknown
  int local_size = -1;  // how many ranks this host has, -1: unknown
  RendezvousKind rendezvous_kind = RendezvousKind::kNone;
  std::string rendezvous;
  std::string job_id;                  // tells jobs apart that have the same secret; may be empty
  std::string secret;                  // may be empty
  std::string secret_file;             // to be read if `secret` is empty; may be empty
  std::string interface;               // see interfaces.h; empty: chosen by the route to rank 0
  std::string algorithm;               // for the algorithm selection, not looked into here
  std::string algorithm_table;         // a file with more of that; may be empty
  uint64_t tcp_pacing_bits_per_s = 0;  // 0: no limit
  bool use_shm = true;                 // between ranks of one host
  bool use_verbs = true;               // where there is a device
  bool use_tcp = true;
  VerbsSettings verbs;
  int64_t timeout_ns = 300 * kNsPerSecond;
  WaitPolicy wait = WaitPolicy::kAdaptive;
  bool progress_thread = false;
  int progress_core = -1;     // -1: not pinned
  int progress_priority = 0;  // 0: an ordinary thread
  bool telemetry = true;
  int64_t budget_ns = kForeverNs;  // that: none
  std::string recorder;            // "off", or the folder for flight records; empty: see lib/recorder/flight_folder.h
  std::string trace_directory;     // empty: none
  int trace_mib = 256;
  std::string prometheus_file;  // empty: none
  int64_t prometheus_period_ns = 5 * kNsPerSecond;
  std::string http_address;  // of local rank 0; empty: none
  LogLevel log_level = LogLevel::kWarn;
  std::string host_part;      // see IsHostPart
  std::string host_id;        // empty: found out by HostId()
  std::string locality;       // empty: found out by FindLocality(), which looks at the next two
  std::string locality_file;  // empty: none
  SlurmPlace slurm_place;

  std::vector<KnobValue> provenance;  // one for each knob, in the table's order
  std::string launcher;               // "torchrun", "Slurm", "Open MPI", "PMI"; "" if none was used

  // Whether somebody has set the knob; false for what nobody knows.
  bool IsGiven(absl::string_view variable) const;

  // All ranks are known to be on this host.
  bool single_host() const { return size == 1 || local_size == size; }
};

// InvalidArgument with a sentence that names the variable or field, quotes the value and says what is valid: for
// unknown TUTTI_* names (with the nearest known one), malformed values, values out of range, rank without size, and
// more than one rank without a way to meet.
absl::StatusOr<JobSettings> ResolveSettings(const SettingsOverrides& from_config, const Environment& environment);

// All knobs with value and origin, one a line, aligned, for logs. Secrets are shown as "(set)".
std::string FormatSettings(const JobSettings& settings);

// One line, for the log at info level: only what was not left at its default.
std::string SummarizeSettings(const JobSettings& settings);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_SETTINGS_H_
