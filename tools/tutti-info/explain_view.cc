// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/explain_view.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "collectives/select/rules.h"
#include "lib/bootstrap/settings.h"
#include "tools/cluster/candidates.h"
#include "tools/cluster/collective_word.h"
#include "tools/tutti-info/call_question.h"
#include "tools/tutti-info/codec_view.h"

namespace tutti::info {
namespace {

using cluster::Question;
using simulate::ClusterSpec;
using Json = nlohmann::ordered_json;

double Us(int64_t ps) { return static_cast<double>(ps) / static_cast<double>(simulate::kPsPerUs); }

struct Candidate {
  Choice choice;
  absl::StatusOr<simulate::Prediction> prediction;
};

absl::StatusOr<std::vector<Candidate>> Predicted(const Question& question, const ClusterSpec& spec, bool by_p50) {
  absl::StatusOr<std::vector<Choice>> choices = cluster::Candidates(question, spec);
  if (!choices.ok()) return choices.status();
  const absl::StatusOr<Choice> usual = cluster::LibraryChoice(question, spec);
  std::vector<Candidate> candidates;
  for (const Choice& choice : *choices) {
    const bool is_usual = usual.ok() && usual->algorithm == choice.algorithm;
    const Choice& taken = is_usual ? *usual : choice;
    candidates.push_back({taken, cluster::Predict(question, taken, spec, {})});
  }
  const auto time = [&](const Candidate& c) { return by_p50 ? c.prediction->p50_ps : c.prediction->p99_ps; };
  std::stable_sort(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
    if (!a.prediction.ok() || !b.prediction.ok()) return a.prediction.ok() && !b.prediction.ok();
    return time(a) < time(b);
  });
  return candidates;
}

void AppendCandidate(const Candidate& candidate, const Algorithm* used, View* view) {
  const Choice& choice = candidate.choice;
  const bool is_used = choice.algorithm == used;
  Json json = {{"algorithm", choice.algorithm->name}, {"used", is_used}, {"segment_bytes", choice.segment_bytes}};
  const std::string name = absl::StrCat(choice.algorithm->name, is_used ? " *" : "");
  if (!candidate.prediction.ok()) {
    absl::StrAppendFormat(&view->text, "    %-22s not predicted: %s\n", name, candidate.prediction.status().message());
    json["error"] = std::string(candidate.prediction.status().message());
  } else {
    const simulate::Prediction& p = *candidate.prediction;
    absl::StrAppendFormat(&view->text, "    %-22s p50 %10.1f us  p99 %10.1f us  %s%s\n", name, Us(p.p50_ps),
                          Us(p.p99_ps), choice.algorithm->summary, p.extrapolated.empty() ? "" : " (extrapolated)");
    json["p50_ps"] = p.p50_ps;
    json["p99_ps"] = p.p99_ps;
    json["extrapolated"] = !p.extrapolated.empty();
  }
  view->json["candidates"].push_back(json);
}

// How the one that is used compares with the best.
std::string Verdict(const std::vector<Candidate>& candidates, const Algorithm* used) {
  const auto found = std::find_if(candidates.begin(), candidates.end(),
                                  [&](const Candidate& c) { return c.choice.algorithm == used; });
  if (found == candidates.end() || !found->prediction.ok()) return "";
  if (found == candidates.begin()) return "It has the shortest predicted tail.\n";
  const double more =
      100.0 *
      (static_cast<double>(found->prediction->p99_ps) / static_cast<double>(candidates.front().prediction->p99_ps) - 1);
  return absl::StrFormat("Its predicted p99 is %.0f %% above that of %s.\n", more,
                         candidates.front().choice.algorithm->name);
}

}  // namespace

View ExplainView(const Options& options, const Environment& environment) {
  const absl::StatusOr<JobSettings> settings = ResolveSettings({}, environment);
  if (!settings.ok()) return ViewError(settings.status().message());
  const absl::StatusOr<ClusterSpec> spec = ReadSpec(options);
  if (!spec.ok()) return ViewError(spec.status().message());
  const std::optional<Collective> collective = cluster::CollectiveOf(options.explain);
  if (!collective) return ViewError(cluster::NoCollective(options.explain));
  Question question;
  question.collective = *collective;
  question.ranks = options.ranks.front();
  question.bytes = options.bytes;
  const absl::StatusOr<Choice> usual = cluster::LibraryChoice(question, *spec);
  if (!usual.ok()) return ViewError(usual.status().message());
  const absl::StatusOr<simulate::Cluster> cluster = simulate::Cluster::Make(*spec, question.ranks);
  Shape shape = cluster::ShapeOf(question);
  cluster->levels().SetIn(shape);
  const absl::StatusOr<Wish> wish = WishFor(shape, *settings);
  if (!wish.ok()) return ViewError(wish.status().message());
  const absl::StatusOr<std::vector<Candidate>> candidates = Predicted(question, *spec, options.by_p50);
  if (!candidates.ok()) return ViewError(candidates.status().message());

  const Algorithm* used = wish->algorithm != nullptr ? wish->algorithm : usual->algorithm;
  const SelectionRule* crowded = wish->algorithm != nullptr ? nullptr : CrowdedRuleFor(shape);
  const bool is_crowded = crowded != nullptr && cluster::IsCrowded(*cluster);
  const std::string why = wish->algorithm != nullptr ? wish->origin : WhyByRules(shape, is_crowded);
  View view;
  view.text = absl::StrCat(options.explain, ", ", question.bytes, " bytes, ", question.ranks, " ranks: ", used->name,
                           "\n", "why: ", why, "\n");
  const SelectionRule* shared = wish->even_in_windows ? nullptr : SharedRuleFor(shape, is_crowded);
  if (shared != nullptr) absl::StrAppend(&view.text, "where all ranks share memory: ", shared->algorithm, "\n");
  if (crowded != nullptr && !is_crowded)
    absl::StrAppend(&view.text, "where ranks outnumber cores: ", crowded->algorithm, "\n");
  absl::StrAppend(&view.text, "predicted, as messages, with ",
                  options.calibration_file.empty() ? "assumed costs (--calibration gives measured ones)"
                                                   : absl::StrCat("the costs of ", options.calibration_file),
                  ":\n");
  view.json = {{"collective", options.explain},
               {"bytes", question.bytes},
               {"ranks", question.ranks},
               {"used", used->name},
               {"why", why},
               {"shared_memory", shared != nullptr ? Json(shared->algorithm) : Json(nullptr)},
               {"crowded", crowded != nullptr ? Json(crowded->algorithm) : Json(nullptr)},
               {"candidates", Json::array()}};
  for (const Candidate& candidate : *candidates) AppendCandidate(candidate, used, &view);
  if (!options.by_p50) absl::StrAppend(&view.text, Verdict(*candidates, used));
  if (!options.codec.empty()) {
    const Choice plain = used == usual->algorithm ? *usual : ChooseAlgorithm(shape, used);
    const absl::Status coded = AppendCodecView(options.codec, question, *spec, plain, &view);
    if (!coded.ok()) return ViewError(absl::StrCat("--codec: ", coded.message()));
  }
  return view;
}

namespace {

// The best for one size; the one before, `last`, unless another is clearly better.
const Candidate* Best(const std::vector<Candidate>& candidates, const Algorithm* last, bool by_p50) {
  const auto time = [&](const Candidate& c) { return by_p50 ? c.prediction->p50_ps : c.prediction->p99_ps; };
  const Candidate* best = nullptr;
  const Candidate* before = nullptr;
  for (const Candidate& candidate : candidates) {
    if (!candidate.prediction.ok()) continue;
    if (best == nullptr || time(candidate) < time(*best)) best = &candidate;
    if (candidate.choice.algorithm == last) before = &candidate;
  }
  if (best == nullptr || before == nullptr) return best;
  const bool clearly = static_cast<double>(time(*best)) < (1 - kBetter) * static_cast<double>(time(*before));
  return clearly ? best : before;
}

struct Served {
  const Algorithm* algorithm = nullptr;
  uint64_t up_to_bytes = kAnyBytes;
};

absl::StatusOr<std::vector<Served>> ServedSizes(Question question, const ClusterSpec& spec, bool by_p50) {
  constexpr uint64_t kFirstBytes = 64;
  constexpr uint64_t kLastBytes = 64 << 20;
  constexpr uint64_t kFactor = 8;
  std::vector<Served> served;
  const bool has_size = question.collective != Collective::kBarrier;
  uint64_t before = 0;
  for (uint64_t bytes = kFirstBytes; bytes <= (has_size ? kLastBytes : kFirstBytes); bytes *= kFactor) {
    question.bytes = bytes;
    const absl::StatusOr<std::vector<Candidate>> candidates = Predicted(question, spec, by_p50);
    if (!candidates.ok()) return candidates.status();
    const Candidate* best = Best(*candidates, served.empty() ? nullptr : served.back().algorithm, by_p50);
    if (best == nullptr) break;
    if (served.empty() || served.back().algorithm != best->choice.algorithm) {
      if (!served.empty()) served.back().up_to_bytes = (before + bytes) / 2;
      served.push_back({best->choice.algorithm});
    }
    before = bytes;
  }
  return served;
}

}  // namespace

View TableView(const Options& options) {
  const absl::StatusOr<ClusterSpec> spec = ReadSpec(options);
  if (!spec.ok()) return ViewError(spec.status().message());
  const bool all = options.table == "all";
  if (!all && !cluster::CollectiveOf(options.table))
    return ViewError(absl::StrCat(cluster::NoCollective(options.table), ", all"));
  std::vector<int> ranks = options.ranks;
  std::sort(ranks.begin(), ranks.end());
  View view;
  view.text =
      absl::StrCat("# For TUTTI_ALGORITHM_TABLE. The shortest predicted ", options.by_p50 ? "p50" : "p99", ", with ",
                   options.calibration_file.empty() ? "assumed costs" : options.calibration_file, ".\n");
  view.json = Json::array();
  for (int c = 0; c < kNumCollectives; ++c) {
    const std::string name = CollectiveName(static_cast<Collective>(c));
    if (!all && name != options.table) continue;
    int first = 2;
    for (const int n : ranks) {
      Question question;
      question.collective = static_cast<Collective>(c);
      question.ranks = n;
      const auto served = ServedSizes(question, *spec, options.by_p50);
      if (!served.ok()) return ViewError(served.status().message());
      const std::string range = first < n ? absl::StrCat(first, "-", n) : absl::StrCat(n);
      for (const Served& s : *served) {
        const std::string sizes = s.up_to_bytes == kAnyBytes ? "" : absl::StrCat("@-", s.up_to_bytes);
        absl::StrAppend(&view.text, name, ":", s.algorithm->name, sizes, "/", range, "\n");
        view.json.push_back({{"collective", name},
                             {"algorithm", s.algorithm->name},
                             {"up_to_bytes", s.up_to_bytes == kAnyBytes ? Json(nullptr) : Json(s.up_to_bytes)},
                             {"ranks", range}});
      }
      first = n + 1;
    }
  }
  return view;
}

}  // namespace tutti::info
