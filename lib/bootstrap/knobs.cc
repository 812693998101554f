// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/knobs.h"

#include <cstdint>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/bootstrap/locality.h"
#include "lib/bootstrap/parse_value.h"
#include "lib/bootstrap/rendezvous_address.h"

namespace tutti {
namespace {

using Text = std::optional<std::string>;
using Config = SettingsOverrides;

// Shown as the rendezvous when the caller brings an exchange function.
constexpr char kExchangeText[] = "(exchange function)";

constexpr size_t kMaxTextBytes = 4096;  // longer values are an accident

Text NumberText(const std::optional<int>& value) { return value ? Text(absl::StrCat(*value)) : std::nullopt; }

bool SetNumber(absl::string_view text, int low, int high, int* out) {
  const std::optional<int> value = ParseNumber(text, low, high);
  if (value) *out = *value;
  return value.has_value();
}

bool SetText(absl::string_view text, std::string* out) {
  if (text.size() > kMaxTextBytes) return false;
  *out = std::string(text);
  return true;
}

bool SetFlag(absl::string_view text, bool* out) {
  *out = text == "1";
  return text == "0" || text == "1";
}

template <typename T>
struct Choice {
  absl::string_view name;
  T value;
};

constexpr Choice<WaitPolicy> kWaitPolicies[] = {
    {"adaptive", WaitPolicy::kAdaptive}, {"spin", WaitPolicy::kSpin}, {"sleep", WaitPolicy::kSleep}};

constexpr Choice<LogLevel> kLogLevels[] = {
    {"error", LogLevel::kError}, {"warn", LogLevel::kWarn}, {"info", LogLevel::kInfo}, {"debug", LogLevel::kDebug}};

template <typename T, size_t n>
bool SetChoice(absl::string_view text, const Choice<T> (&choices)[n], T* out) {
  for (const Choice<T>& choice : choices) {
    if (text != choice.name) continue;
    *out = choice.value;
    return true;
  }
  return false;
}

template <typename T, size_t n>
Text ChoiceText(const std::optional<T>& value, const Choice<T> (&choices)[n]) {
  if (!value) return std::nullopt;
  for (const Choice<T>& choice : choices) {
    if (*value == choice.value) return std::string(choice.name);
  }
  return absl::StrCat(static_cast<int>(*value));
}

// Which transports may be used. Their order of preference is fixed, so that the two ends of a pair choose alike.
bool SetTransports(absl::string_view text, JobSettings* settings) {
  settings->use_shm = settings->use_verbs = settings->use_tcp = false;
  for (const absl::string_view name : absl::StrSplit(text, ',')) {
    bool* use = name == "shm"     ? &settings->use_shm
                : name == "verbs" ? &settings->use_verbs
                : name == "tcp"   ? &settings->use_tcp
                                  : nullptr;
    if (use == nullptr || *use) return false;
    *use = true;
  }
  return true;
}

bool SetRendezvous(absl::string_view text, JobSettings* settings) {
  if (text == kExchangeText) {
    settings->rendezvous_kind = RendezvousKind::kExchange;
    settings->rendezvous.clear();
    return true;
  }
  const std::optional<RendezvousKind> kind = RendezvousKindOf(text);
  if (!kind || !SetText(text, &settings->rendezvous)) return false;
  settings->rendezvous_kind = *kind;
  return true;
}

constexpr Knob kKnobs[] = {
    {"TUTTI_RANK", "rank", "a whole number from 0 to 1048575", "0", "this process's rank in the job", false,
     [](const Config& c) { return NumberText(c.rank); },
     [](const LauncherFacts& f) -> const std::optional<LauncherFact>& { return f.rank; },
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 0, kMaxJobSize - 1, &s->rank); }},
    {"TUTTI_SIZE", "size", "a whole number from 1 to 1048576", "1", "how many ranks the job has", false,
     [](const Config& c) { return NumberText(c.size); },
     [](const LauncherFacts& f) -> const std::optional<LauncherFact>& { return f.size; },
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 1, kMaxJobSize, &s->size); }},
    {"TUTTI_LOCAL_RANK", "local_rank", "a whole number from 0 to 1048575", "", "place among the ranks of this host",
     false, [](const Config& c) { return NumberText(c.local_rank); },
     [](const LauncherFacts& f) -> const std::optional<LauncherFact>& { return f.local_rank; },
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 0, kMaxJobSize - 1, &s->local_rank); }},
    {"TUTTI_LOCAL_SIZE", "local_size", "a whole number from 1 to 1048576", "", "how many ranks this host has", false,
     [](const Config& c) { return NumberText(c.local_size); },
     [](const LauncherFacts& f) -> const std::optional<LauncherFact>& { return f.local_size; },
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 1, kMaxJobSize, &s->local_size); }},
    {"TUTTI_RENDEZVOUS", "rendezvous",
     "\"tcp://host:port\" (an IPv6 address in brackets, port 1 to 65535) or \"file:///absolute/path\"", "",
     "where the ranks meet: rank 0 listens at the address, or writes its address to the file", false,
     [](const Config& c) { return c.has_exchange && !c.rendezvous ? Text(kExchangeText) : c.rendezvous; },
     [](const LauncherFacts& f) -> const std::optional<LauncherFact>& { return f.rendezvous; }, SetRendezvous},
    {"TUTTI_PORT", "", "a whole number from 1 to 65535", "",
     "port for the ranks to meet at when the launcher names only the host", false, nullptr, nullptr,
     [](absl::string_view t, JobSettings*) { return ParseNumber(t, 1, 65535).has_value(); }},
    {"TUTTI_JOB_ID", "", "a text of at most 4096 bytes", "", "tells jobs apart that have the same secret", false,
     nullptr, [](const LauncherFacts& f) -> const std::optional<LauncherFact>& { return f.job_id; },
     [](absl::string_view t, JobSettings* s) { return SetText(t, &s->job_id); }},
    {"TUTTI_SECRET", "secret", "a text of at most 4096 bytes", "",
     "proves that a process belongs to the job; the same on all ranks", true, [](const Config& c) { return c.secret; },
     nullptr, [](absl::string_view t, JobSettings* s) { return SetText(t, &s->secret); }},
    {"TUTTI_SECRET_FILE", "", "an absolute path", "",
     "file that holds the secret, readable by its owner only; instead of TUTTI_SECRET", false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) { return absl::StartsWith(t, "/") && SetText(t, &s->secret_file); }},
    {"TUTTI_INTERFACE", "interface",
     "interface names or CIDR blocks, comma separated, \"^\" first to exclude them (eth0,10.0.0.0/8 or ^docker0)", "",
     "network interfaces for data; default: the one that routes to rank 0", false,
     [](const Config& c) { return c.interface; }, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetText(t, &s->interface); }},
    {"TUTTI_ALGORITHM", "algorithm",
     "collective:algorithm pairs, comma separated, sizes after @ and ranks after / "
     "(all_reduce:ring@64K-,one_shot@-4K/2-8)",
     "", "algorithms by collective, size and ranks; rank 0's holds for all; default: tutti chooses", false,
     [](const Config& c) { return c.algorithm; }, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetText(t, &s->algorithm); }},
    {"TUTTI_ALGORITHM_TABLE", "", "an absolute path", "",
     "file with items as in TUTTI_ALGORITHM, which comes first; read by rank 0 for all (tutti-info --table writes one)",
     false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) { return absl::StartsWith(t, "/") && SetText(t, &s->algorithm_table); }},
    {"TUTTI_TRANSPORT", "transport", "one or more of shm, verbs and tcp, comma separated, each once", "shm,verbs,tcp",
     "transports that may be used: shm between ranks of one host, verbs (RDMA) where both ends have a device, tcp",
     false, [](const Config& c) { return c.transport; }, nullptr, SetTransports},
    {"TUTTI_VERBS_DEVICES", "verbs_devices",
     "RDMA devices or their ports, comma separated, \"^\" first to exclude them (mlx5_0,mlx5_1:2 or ^mlx5_3)", "",
     "RDMA devices for data; default: the one with the job's address, else those of the NUMA node, in turn", false,
     [](const Config& c) { return c.verbs_devices; }, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetText(t, &s->verbs.devices); }},
    {"TUTTI_VERBS_RAILS", "", "a whole number from 1 to 4", "2",
     "RDMA ports that a rank uses together; when one is lost the others carry its messages", false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 1, 4, &s->verbs.rails); }},
    {"TUTTI_VERBS_QPS", "", "a whole number from 1 to 4", "1",
     "queue pairs for the large messages of two ranks, on each port; switches may give each a path of its own", false,
     nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 1, 4, &s->verbs.pairs_per_rail); }},
    {"TUTTI_VERBS_GID_INDEX", "", "the index of a GID, from 0 to 255", "",
     "address of the RDMA port; default: RoCE version 2, the job's address, else IPv4, else global IPv6", false,
     nullptr, nullptr, [](absl::string_view t, JobSettings* s) { return SetNumber(t, 0, 255, &s->verbs.gid_index); }},
    {"TUTTI_VERBS_TRAFFIC_CLASS", "", "a whole number from 0 to 255 (DSCP times 4)", "0",
     "traffic class of RoCE packets, by which switches sort them", false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 0, 255, &s->verbs.traffic_class); }},
    {"TUTTI_VERBS_SERVICE_LEVEL", "", "a whole number from 0 to 15", "0",
     "service level of InfiniBand packets; the priority of some RoCE networks", false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 0, 15, &s->verbs.service_level); }},
    {"TUTTI_VERBS_HOP_LIMIT", "", "a whole number from 1 to 255", "64", "routers that a RoCE packet may pass", false,
     nullptr, nullptr, [](absl::string_view t, JobSettings* s) { return SetNumber(t, 1, 255, &s->verbs.hop_limit); }},
    {"TUTTI_VERBS_ACK_TIMEOUT", "", "a whole number t from 1 to 31, which means 4.096 us times 2 to the power of t",
     "16", "an RDMA packet that is not acknowledged for so long is sent again (16: 0.27 s)", false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 1, 31, &s->verbs.ack_timeout); }},
    {"TUTTI_VERBS_RETRY_COUNT", "", "a whole number from 0 to 7", "6",
     "how often an RDMA packet is sent again before the path counts as lost; 7 is for ever with soft-RoCE", false,
     nullptr, nullptr, [](absl::string_view t, JobSettings* s) { return SetNumber(t, 0, 7, &s->verbs.retry_count); }},
    {"TUTTI_TCP_PACING", "", "bits per second from 1Mbit to 1000Gbit, like 100Mbit or 1Gbit", "",
     "most that this rank sends over TCP, to all peers together, for standing in for a slow network; default: no limit",
     false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) {
       const std::optional<uint64_t> bits = ParseBitsPerSecond(t);
       if (bits) s->tcp_pacing_bits_per_s = *bits;
       return bits.has_value();
     }},
    {"TUTTI_TIMEOUT", "timeout_ns", "a duration above 0, like 300, 300s, 500ms or 2m", "300s",
     "deadline of start-up and of every operation", false,
     [](const Config& c) { return c.timeout_ns ? Text(FormatDuration(*c.timeout_ns)) : std::nullopt; }, nullptr,
     [](absl::string_view t, JobSettings* s) {
       const std::optional<int64_t> ns = ParseDurationNs(t);
       if (ns) s->timeout_ns = *ns;
       return ns.has_value();
     }},
    {"TUTTI_WAIT", "wait", "adaptive, spin or sleep", "adaptive", "how to wait for peers", false,
     [](const Config& c) { return ChoiceText(c.wait, kWaitPolicies); }, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetChoice(t, kWaitPolicies, &s->wait); }},
    {"TUTTI_PROGRESS_THREAD", "progress_thread", "0 or 1", "0", "1: a thread of tutti's own drives communication",
     false, [](const Config& c) { return NumberText(c.progress_thread); }, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetFlag(t, &s->progress_thread); }},
    {"TUTTI_PROGRESS_CORE", "progress_core", "the number of a CPU, from 0 to 65535", "",
     "pins the progress thread to this CPU; default: not pinned", false,
     [](const Config& c) { return NumberText(c.progress_core); }, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 0, 65535, &s->progress_core); }},
    {"TUTTI_PROGRESS_PRIORITY", "", "a whole number from 0 to 99", "0",
     "real-time priority (SCHED_FIFO) of the progress thread, for one with a core of its own; 0: an ordinary thread",
     false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 0, 99, &s->progress_priority); }},
    {"TUTTI_TELEMETRY", "telemetry", "0 or 1", "1", "0: operations are not measured, and no late rank is named", false,
     [](const Config& c) { return NumberText(c.telemetry); }, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetFlag(t, &s->telemetry); }},
    {"TUTTI_BUDGET", "budget_ns", "a duration of at least a microsecond, like 10ms", "",
     "operations that take longer are told of, with the rank or path to blame; default: none", false,
     [](const Config& c) { return c.budget_ns ? Text(FormatDuration(*c.budget_ns)) : std::nullopt; }, nullptr,
     [](absl::string_view t, JobSettings* s) {
       const std::optional<int64_t> ns = ParseDurationNs(t);
       if (ns) s->budget_ns = *ns;
       return ns.has_value() && *ns >= kNsPerUs;
     }},
    {"TUTTI_RECORDER", "", "off or an absolute path", "",
     "folder for the flight record that tutti-info --live reads; default: /dev/shm/tutti-UID, else /tmp/tutti-UID",
     false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) {
       return (t == "off" || absl::StartsWith(t, "/")) && SetText(t, &s->recorder);
     }},
    {"TUTTI_TRACE", "trace", "a folder's path of at most 4096 bytes", "",
     "every rank records its operations into a file in this folder, for tutti-report; default: none", false,
     [](const Config& c) { return c.trace; }, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetText(t, &s->trace_directory); }},
    {"TUTTI_TRACE_MIB", "", "a whole number from 1 to 1048576", "256",
     "MiB that a rank's records may take; the oldest are forgotten", false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetNumber(t, 1, 1 << 20, &s->trace_mib); }},
    {"TUTTI_PROMETHEUS_FILE", "prometheus_file", "a path of at most 4096 bytes", "",
     "every rank renews a file of its own for Prometheus; \"%r\" becomes the rank; default: none", false,
     [](const Config& c) { return c.prometheus_file; }, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetText(t, &s->prometheus_file); }},
    {"TUTTI_PROMETHEUS_PERIOD", "", "a duration of at least 0.1 s, like 5s", "5s", "how often that file is renewed",
     false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) {
       const std::optional<int64_t> ns = ParseDurationNs(t);
       if (ns) s->prometheus_period_ns = *ns;
       return ns.has_value() && *ns >= 100 * kNsPerMs;
     }},
    {"TUTTI_HTTP", "http", "a port, or an IPv4 address and a port, or an IPv6 address in brackets and a port", "",
     "serves /metrics for Prometheus; a port alone is on the loopback interface; local ranks take ports in a row; "
     "default: no",
     false, [](const Config& c) { return c.http; }, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetText(t, &s->http_address); }},
    {"TUTTI_LOG", "log_level", "error, warn, info or debug", "warn", "how much tutti writes to stderr", false,
     [](const Config& c) { return ChoiceText(c.log_level, kLogLevels); }, nullptr,
     [](absl::string_view t, JobSettings* s) { return SetChoice(t, kLogLevels, &s->log_level); }},
    {"TUTTI_HOST_ID", "", "a text of at most 256 bytes", "",
     "overrides which ranks count as sharing a host: those with equal ids", false, nullptr, nullptr,
     [](absl::string_view t, JobSettings* s) { return t.size() <= 256 && SetText(t, &s->host_id); }},
    {"TUTTI_HOST_PART", "", "1 or 2 names of at most 60 printable characters, with \"/\" between them", "",
     "which part of its host a rank is in, widest first, like socket0/l3_1, for launchers that bind ranks", false, nullptr,
     nullptr, [](absl::string_view t, JobSettings* s) { return IsHostPart(t) && SetText(t, &s->host_part); }},
    {"TUTTI_LOCALITY", "locality", "1 to 4 names of at most 60 printable characters, with \"/\" between them", "",
     "which groups of hosts this one is in, widest first, like pod1/rack3; default: TUTTI_LOCALITY_FILE, else Slurm's word",
     false, [](const Config& c) { return c.locality; }, nullptr,
     [](absl::string_view t, JobSettings* s) { return IsLocality(t) && SetText(t, &s->locality); }},
    {"TUTTI_LOCALITY_FILE", "", "an absolute path", "",
     "file in the form of Slurm's topology.conf, which says that of all hosts; instead of TUTTI_LOCALITY", false, nullptr,
     nullptr,
     [](absl::string_view t, JobSettings* s) { return absl::StartsWith(t, "/") && SetText(t, &s->locality_file); }},
};

}  // namespace

absl::Span<const Knob> AllKnobs() { return absl::MakeConstSpan(kKnobs); }

const Knob* FindKnob(absl::string_view variable) {
  for (const Knob& knob : kKnobs) {
    if (variable == knob.variable) return &knob;
  }
  return nullptr;
}

}  // namespace tutti
