// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/settings.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/bootstrap/edit_distance.h"
#include "lib/bootstrap/knobs.h"
#include "lib/bootstrap/launcher.h"
#include "lib/bootstrap/parse_value.h"

namespace tutti {
namespace {

constexpr char kDefaultOrigin[] = "default";

absl::Status CheckNames(const Environment& environment) {
  std::vector<absl::string_view> known;
  for (const Knob& knob : AllKnobs()) known.push_back(knob.variable);
  for (const auto& [name, value] : environment.variables) {
    if (!absl::StartsWith(name, "TUTTI_") || FindKnob(name) != nullptr) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "environment variable ", name, " is not one that tutti knows; did you mean ", NearestName(name, known), "?"));
  }
  return absl::OkStatus();
}

// What config or TUTTI_* say about a knob.
std::optional<KnobValue> FromTheUser(const Knob& knob, const SettingsOverrides& config,
                                     const Environment& environment) {
  if (knob.from_config != nullptr) {
    if (std::optional<std::string> text = knob.from_config(config)) {
      return KnobValue{&knob, *std::move(text), absl::StrCat("config field ", knob.field)};
    }
  }
  if (const std::string* text = environment.Find(knob.variable)) return KnobValue{&knob, *text, knob.variable};
  return std::nullopt;
}

absl::Status Malformed(const KnobValue& value) {
  const std::string shown = value.knob->is_secret ? absl::StrCat(value.text.size(), " bytes")
                                                  : absl::StrCat("\"", value.text.substr(0, 200), "\"");
  return absl::InvalidArgumentError(
      absl::StrCat(value.origin, " is ", shown, ", which is not valid: it must be ", value.knob->values));
}

const KnobValue& ValueOf(const JobSettings& settings, absl::string_view variable) {
  const auto found = std::find_if(settings.provenance.begin(), settings.provenance.end(),
                                  [&](const KnobValue& value) { return variable == value.knob->variable; });
  return *found;
}

bool IsGiven(const KnobValue& value) { return value.origin != kDefaultOrigin; }

absl::Status CheckComplete(const LauncherFacts& launcher) {
  if (!launcher.partial()) return absl::OkStatus();
  const LauncherFact& there = launcher.rank ? *launcher.rank : *launcher.size;
  return absl::InvalidArgumentError(
      absl::StrCat(there.origin, " is set, but ", launcher.rank ? "the number of ranks" : "this process's rank",
                   " is not: set both of ", launcher.family, "'s variables, or TUTTI_RANK and TUTTI_SIZE, or neither"));
}

// Rank and size must be named together, by one source.
absl::Status CheckPair(const JobSettings& settings) {
  const KnobValue& rank = ValueOf(settings, "TUTTI_RANK");
  const KnobValue& size = ValueOf(settings, "TUTTI_SIZE");
  if (IsGiven(rank) == IsGiven(size)) return absl::OkStatus();
  const KnobValue& given = IsGiven(rank) ? rank : size;
  const KnobValue& missing = IsGiven(rank) ? size : rank;
  return absl::InvalidArgumentError(absl::StrCat(given.origin, " is set, but not ", missing.knob->variable,
                                                 " (config field ", missing.knob->field,
                                                 "): give both, as they are never taken from different sources"));
}

absl::Status CheckBelow(const KnobValue& low, int low_value, const KnobValue& high, int high_value, bool or_equal) {
  if (low_value < high_value || (or_equal && low_value == high_value)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(low.knob->field, " ", low_value, " (", low.origin, ") must be ",
                                                 or_equal ? "at most " : "below ", high.knob->field, " ", high_value,
                                                 " (", high.origin, ")"));
}

absl::Status CheckRanges(const JobSettings& s) {
  const KnobValue& size = ValueOf(s, "TUTTI_SIZE");
  const KnobValue& local_size = ValueOf(s, "TUTTI_LOCAL_SIZE");
  const KnobValue& local_rank = ValueOf(s, "TUTTI_LOCAL_RANK");
  absl::Status status = CheckBelow(ValueOf(s, "TUTTI_RANK"), s.rank, size, s.size, false);
  if (status.ok() && s.local_size > 0) status = CheckBelow(local_size, s.local_size, size, s.size, true);
  if (status.ok() && s.local_rank >= 0) {
    status = s.local_size > 0 ? CheckBelow(local_rank, s.local_rank, local_size, s.local_size, false)
                              : CheckBelow(local_rank, s.local_rank, size, s.size, false);
  }
  return status;
}

absl::Status CheckSecret(const JobSettings& settings) {
  const KnobValue& secret = ValueOf(settings, "TUTTI_SECRET");
  if (settings.secret_file.empty() || secret.origin != "TUTTI_SECRET") return absl::OkStatus();
  return absl::InvalidArgumentError("TUTTI_SECRET and TUTTI_SECRET_FILE are both set: set only one of them");
}

absl::Status CheckMeeting(const JobSettings& settings, const SettingsOverrides& config) {
  if (config.has_exchange && config.rendezvous) {
    return absl::InvalidArgumentError("config fields rendezvous and exchange are both set: set only one of them");
  }
  if (settings.size == 1 || settings.rendezvous_kind != RendezvousKind::kNone) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the job has ", settings.size, " ranks (", ValueOf(settings, "TUTTI_SIZE").origin,
      "), but nothing says where they meet: set TUTTI_RENDEZVOUS to \"tcp://<host of rank 0>:<port>\", or to "
      "\"file:///path\" if all ranks see the same file"));
}

}  // namespace

bool JobSettings::IsGiven(absl::string_view variable) const {
  return std::any_of(provenance.begin(), provenance.end(), [variable](const KnobValue& value) {
    return variable == value.knob->variable && tutti::IsGiven(value);
  });
}

absl::StatusOr<JobSettings> ResolveSettings(const SettingsOverrides& from_config, const Environment& environment) {
  if (absl::Status names = CheckNames(environment); !names.ok()) return names;

  // A malformed port is reported when its own knob's turn comes.
  std::optional<int> port;
  if (const std::string* text = environment.Find("TUTTI_PORT")) port = ParseNumber(*text, 1, 65535);

  const bool user_names_place = FromTheUser(*FindKnob("TUTTI_RANK"), from_config, environment).has_value() ||
                                FromTheUser(*FindKnob("TUTTI_SIZE"), from_config, environment).has_value();
  const LauncherFacts launcher = user_names_place ? LauncherFacts{} : DetectLauncher(environment, port);
  if (absl::Status complete = CheckComplete(launcher); !complete.ok()) return complete;

  JobSettings settings;
  settings.launcher = launcher.complete() ? launcher.family : "";
  for (const Knob& knob : AllKnobs()) {
    std::optional<KnobValue> value = FromTheUser(knob, from_config, environment);
    if (!value && knob.from_launcher != nullptr) {
      if (const auto& fact = knob.from_launcher(launcher)) {
        value = KnobValue{&knob, fact->text, absl::StrCat(fact->origin, " (", launcher.family, ")")};
      }
    }
    if (!value) value = KnobValue{&knob, knob.default_text, kDefaultOrigin};
    const bool nothing_to_parse = !IsGiven(*value) && value->text.empty();
    if (!nothing_to_parse && !knob.apply(value->text, &settings)) return Malformed(*value);
    settings.provenance.push_back(*std::move(value));
  }

  settings.slurm_place = PlaceFromSlurm(environment);
  absl::Status status = CheckPair(settings);
  if (status.ok()) status = CheckRanges(settings);
  if (status.ok()) status = CheckSecret(settings);
  if (status.ok()) status = CheckMeeting(settings, from_config);
  if (!status.ok()) return status;
  if (settings.size == 1) {
    settings.local_rank = 0;
    settings.local_size = 1;
  }
  return settings;
}

}  // namespace tutti
