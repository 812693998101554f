// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/join.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "lib/base/raw_clock.h"
#include "lib/bootstrap/auth.h"
#include "lib/bootstrap/settings.h"
#include "lib/bootstrap/tcp_control_plane.h"
#include "lib/capi/algorithm_word.h"
#include "lib/capi/cores.h"
#include "lib/capi/make_recorder.h"
#include "lib/capi/make_transports.h"
#include "lib/comm/paths.h"
#include "lib/reduce/reduce.h"

namespace tutti {
namespace {

// A short spin answers a peer at once. To yield costs next to nothing while nobody else wants the core; but when somebody
// does, a long spin keeps the very rank that this one waits for from running.
constexpr int64_t kSpinNs = 5 * kNsPerUs;
constexpr int64_t kYieldNs = 245 * kNsPerUs;
// When ranks outnumber cores, whoever spins keeps another rank from the work that everyone waits for.
constexpr int64_t kCrowdedYieldNs = 20 * kNsPerUs;

std::optional<int> IfSet(int field) { return field != -1 ? std::optional<int>(field) : std::nullopt; }

std::optional<std::string> IfSet(const char* field) {
  return field != nullptr ? std::optional<std::string>(field) : std::nullopt;
}

absl::StatusOr<SettingsOverrides> OverridesFrom(const tutti_comm_config_t& config) {
  SettingsOverrides overrides;
  overrides.rank = IfSet(config.rank);
  overrides.size = IfSet(config.size);
  overrides.local_rank = IfSet(config.local_rank);
  overrides.local_size = IfSet(config.local_size);
  overrides.rendezvous = IfSet(config.rendezvous);
  overrides.secret = IfSet(config.secret);
  overrides.interface = IfSet(config.interface);
  overrides.algorithm = IfSet(config.algorithm);
  overrides.transport = IfSet(config.transport);
  overrides.verbs_devices = IfSet(config.verbs_devices);
  overrides.progress_thread = IfSet(config.progress_thread);
  overrides.progress_core = IfSet(config.progress_core);
  overrides.telemetry = IfSet(config.telemetry);
  overrides.trace = IfSet(config.trace);
  overrides.prometheus_file = IfSet(config.prometheus_file);
  overrides.http = IfSet(config.http);
  overrides.locality = IfSet(config.locality);
  if (config.budget_ns != 0) overrides.budget_ns = config.budget_ns;
  overrides.has_exchange = config.exchange != nullptr;
  if (config.timeout_ns != 0) overrides.timeout_ns = config.timeout_ns;
  switch (config.wait) {
    case TUTTI_WAIT_DEFAULT:
      break;
    case TUTTI_WAIT_ADAPTIVE:
      overrides.wait = WaitPolicy::kAdaptive;
      break;
    case TUTTI_WAIT_SPIN:
      overrides.wait = WaitPolicy::kSpin;
      break;
    case TUTTI_WAIT_SLEEP:
      overrides.wait = WaitPolicy::kSleep;
      break;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("config->wait is ", static_cast<int>(config.wait), ", which is no tutti_wait_policy_t"));
  }
  const int level = static_cast<int>(config.log_level);
  if (level < TUTTI_LOG_DEFAULT || level > TUTTI_LOG_DEBUG) {
    return absl::InvalidArgumentError(absl::StrCat("config->log_level is ", level, ", which is no tutti_log_level_t"));
  }
  if (level != TUTTI_LOG_DEFAULT) overrides.log_level = static_cast<LogLevel>(level);
  return overrides;
}

ExchangeFunction ExchangeOf(const tutti_comm_config_t& config, int size) {
  if (config.exchange == nullptr) return nullptr;
  return [exchange = config.exchange, context = config.exchange_context, size](absl::string_view contribution,
                                                                               std::string* gathered) {
    gathered->assign(contribution.size() * static_cast<size_t>(size), '\0');
    const int result = exchange(context, contribution.data(), gathered->data(), contribution.size());
    if (result == 0) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("config->exchange failed with ", result));
  };
}

WaitOptions WaitOptionsFor(const JobSettings& settings) {
  switch (settings.wait) {
    case WaitPolicy::kSpin:
      return {.spin_ns = kForeverNs, .yield_ns = 0, .may_sleep = false};
    case WaitPolicy::kSleep:
      return {.spin_ns = 0, .yield_ns = 0, .may_sleep = true};
    case WaitPolicy::kAdaptive:
      break;
  }
  if (RanksOutnumberCores(settings)) return {.spin_ns = 0, .yield_ns = kCrowdedYieldNs, .may_sleep = true};
  return {.spin_ns = kSpinNs, .yield_ns = kYieldNs, .may_sleep = true};
}

ExportOptions ExportsOf(const JobSettings& settings) {
  ExportOptions options;
  options.trace_directory = settings.trace_directory;
  options.trace_limit_bytes = int64_t{settings.trace_mib} << 20;
  options.prometheus_file = settings.prometheus_file;
  options.prometheus_period_ns = settings.prometheus_period_ns;
  options.http_address = settings.http_address;
  // The rank's place on its host; unknown: all may be here.
  options.http_port_offset = settings.local_rank >= 0 ? settings.local_rank : settings.rank;
  return options;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Job>> JoinJob(const tutti_comm_config_t& config) {
  absl::StatusOr<SettingsOverrides> overrides = OverridesFrom(config);
  if (!overrides.ok()) return overrides.status();
  absl::StatusOr<JobSettings> settings = ResolveSettings(*overrides, Environment::OfThisProcess());
  if (!settings.ok()) return settings.status();
  SetLogLevel(settings->log_level);
  TUTTI_LOG(kInfo, SummarizeSettings(*settings), "; kernels for ", ReduceTargetName());

  JobOptions options;
  options.rank = settings->rank;
  options.size = settings->size;
  options.timeout_ns = settings->timeout_ns;
  options.progress_thread = settings->progress_thread;
  options.progress_core = settings->progress_core;
  options.progress_priority = settings->progress_priority;
  options.telemetry = settings->telemetry;
  options.budget_ns = settings->budget_ns;
  options.engine.wait = WaitOptionsFor(*settings);
  const absl::StatusOr<std::string> word = AlgorithmWord(*settings, CoresOfHost());
  if (!word.ok()) return word.status();
  auto job = std::make_shared<Job>(options, RawClock());

  absl::StatusOr<std::unique_ptr<TcpControlPlane>> control_plane =
      TcpControlPlane::Connect(*settings, job.get(), ExchangeOf(config, settings->size));
  if (!control_plane.ok()) return control_plane.status();
  PeerCard card = (*control_plane)->self();
  SetLogIdentity(card.rank, card.host);

  absl::StatusOr<std::vector<std::unique_ptr<Transport>>> transports =
      MakeTransports(*settings, (*control_plane)->local_address(), (*control_plane)->DataSecret());
  if (!transports.ok()) return transports.status();
  card.address = EncodeAddresses(*transports);
  const std::string tag = NameRun((*control_plane)->DataSecret());
  absl::Status joined = (*control_plane)->Join(card, *word);
  if (joined.ok()) joined = TakeAlgorithms((*control_plane)->Word(), *settings, *job);
  if (!joined.ok()) return joined;
  // Two ranks share a host or they do not: there is nothing to group.
  absl::StatusOr<Places> places = Places();
  if (settings->size > 2) places = (*control_plane)->WhereAllAre();
  if (!places.ok()) return places.status();
  std::unique_ptr<FlightRecorder> recorder = MakeRecorder(*settings, card, (*control_plane)->DataSecret());
  absl::Status started =
      job->Start(*std::move(control_plane), *std::move(transports), card, *std::move(places), std::move(recorder));
  if (!started.ok()) return started;
  absl::Status exporting = job->Export(ExportsOf(*settings), tag);
  if (!exporting.ok()) return exporting;
  return job;
}

}  // namespace tutti
