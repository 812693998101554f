// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/codec_view.h"

#include <cstdlib>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "lib/codec/registry.h"
#include "lib/comm/codec_gate.h"
#include "tools/tutti-info/codec_cost.h"

namespace tutti::info {
namespace {

using cluster::Question;
using simulate::ClusterSpec;
using simulate::CodecCost;
using simulate::Prediction;
using Json = nlohmann::ordered_json;

// What a codec makes of the call.
struct Coded {
  std::string name;
  CodecCost cost;
  const Algorithm* algorithm = nullptr;
  Prediction prediction;
  int64_t only_fewer_bytes_ps = 0;  // if encoding and decoding took no time
};

double Ms(int64_t ps) { return static_cast<double>(ps) / 1e9; }
double GBps(double ps_per_byte) { return ps_per_byte > 0 ? 1e3 / ps_per_byte : 0; }

absl::StatusOr<std::vector<std::string>> Allowed(const std::string& text) {
  if (!IsAutoCodec(text)) return std::vector<std::string>{text};
  const absl::StatusOr<double> max_error = ParseAutoCodec(text);
  if (!max_error.ok()) return max_error.status();
  return GateCandidates(*max_error);
}

absl::StatusOr<Coded> Predicted(const std::string& name, const Question& question, ClusterSpec spec) {
  const absl::StatusOr<std::shared_ptr<const Codec>> codec = MakeCodec(name);
  if (!codec.ok()) return codec.status();
  const absl::StatusOr<CodecCost> cost = MeasureCodecCost(**codec);
  if (!cost.ok()) return cost.status();
  const absl::StatusOr<Choice> choice = cluster::EncodedChoice(question, spec, (*codec)->is_very_sparse());
  if (!choice.ok()) return choice.status();
  spec.costs.codec = *cost;
  const absl::StatusOr<Prediction> prediction = cluster::Predict(question, *choice, spec, {});
  if (!prediction.ok()) return prediction.status();
  spec.costs.codec = {0, 0, 0, cost->encoded_share};
  const absl::StatusOr<Prediction> fewer_bytes = cluster::Predict(question, *choice, spec, {});
  if (!fewer_bytes.ok()) return fewer_bytes.status();
  return Coded{name, *cost, choice->algorithm, *prediction, fewer_bytes->p50_ps};
}

// Of those that win by enough, the quickest; nullptr: none does.
const Coded* Chosen(const std::vector<Coded>& all, const Prediction& plain) {
  const Coded* best = nullptr;
  double least = CodecGate::kMustWin * static_cast<double>(plain.p50_ps);
  for (const Coded& coded : all) {
    if (static_cast<double>(coded.prediction.p50_ps) >= least) continue;
    least = static_cast<double>(coded.prediction.p50_ps);
    best = &coded;
  }
  return best;
}

std::string Verdict(const std::string& text, uint64_t bytes, const Coded* chosen, const Prediction& plain) {
  if (IsAutoCodec(text) && bytes < CodecGate::kLeastBytes) {
    return absl::StrCat("none, as vectors below ", CodecGate::kLeastBytes, " bytes are never encoded");
  }
  if (chosen == nullptr) {
    return absl::StrFormat("none pays: that takes at most %.2g of the %.3g ms without", CodecGate::kMustWin,
                           Ms(plain.p50_ps));
  }
  return absl::StrFormat("%s pays: %.3g ms instead of %.3g", chosen->name, Ms(chosen->prediction.p50_ps),
                         Ms(plain.p50_ps));
}

void AppendCoded(const Coded& coded, bool is_chosen, const Prediction& plain, View* view) {
  const int64_t saved_ps = plain.p50_ps - coded.only_fewer_bytes_ps;
  const int64_t cost_ps = coded.prediction.p50_ps - coded.only_fewer_bytes_ps;
  absl::StrAppendFormat(&view->text,
                        "    %-22s p50 %10.1f us  p99 %10.1f us  %s\n"
                        "    %-22s %.1f %% of the bytes, which %s %.3g ms; encoding and decoding cost %.3g ms "
                        "(here at %.3g and %.3g GB/s)\n",
                        absl::StrCat(coded.name, is_chosen ? " *" : ""), 1e3 * Ms(coded.prediction.p50_ps),
                        1e3 * Ms(coded.prediction.p99_ps), coded.algorithm->name, "", 100 * coded.cost.encoded_share,
                        saved_ps >= 0 ? "saves" : "does not help: more messages take", Ms(std::abs(saved_ps)),
                        Ms(cost_ps), GBps(coded.cost.encode_ps_per_byte), GBps(coded.cost.decode_ps_per_byte));
  view->json["codec"]["candidates"].push_back({{"codec", coded.name},
                                               {"algorithm", coded.algorithm->name},
                                               {"p50_ps", coded.prediction.p50_ps},
                                               {"p99_ps", coded.prediction.p99_ps},
                                               {"encoded_share", coded.cost.encoded_share},
                                               {"saved_ps", saved_ps},
                                               {"cost_ps", cost_ps},
                                               {"encode_GBps", GBps(coded.cost.encode_ps_per_byte)},
                                               {"decode_GBps", GBps(coded.cost.decode_ps_per_byte)},
                                               {"decode_reduce_GBps", GBps(coded.cost.decode_reduce_ps_per_byte)}});
}

}  // namespace

absl::Status AppendCodecView(const std::string& text, const Question& question, const ClusterSpec& spec,
                             const Choice& plain, View* view) {
  if (EncodedAlgorithms(question.collective).empty()) {
    return absl::InvalidArgumentError("--codec is for all_reduce, other collectives have no codecs");
  }
  const absl::StatusOr<std::vector<std::string>> names = Allowed(text);
  if (!names.ok()) return names.status();
  const absl::StatusOr<Prediction> without = cluster::Predict(question, plain, spec, {});
  if (!without.ok()) return without.status();
  std::vector<Coded> all;
  for (const std::string& name : *names) {
    absl::StatusOr<Coded> coded = Predicted(name, question, spec);
    if (!coded.ok()) return coded.status();
    all.push_back(*std::move(coded));
  }
  const bool is_too_short = IsAutoCodec(text) && question.bytes < CodecGate::kLeastBytes;
  const Coded* chosen = is_too_short ? nullptr : Chosen(all, *without);
  const std::string verdict = Verdict(text, question.bytes, chosen, *without);
  absl::StrAppendFormat(&view->text, "codec %s: %s\n    %-22s p50 %10.1f us  p99 %10.1f us  %s\n", text, verdict,
                        chosen == nullptr ? "none *" : "none", 1e3 * Ms(without->p50_ps), 1e3 * Ms(without->p99_ps),
                        plain.algorithm->name);
  view->json["codec"] = {{"asked", text},
                         {"chosen", chosen == nullptr ? Json(nullptr) : Json(chosen->name)},
                         {"why", verdict},
                         {"none_p50_ps", without->p50_ps},
                         {"candidates", Json::array()}};
  for (const Coded& coded : all) AppendCoded(coded, &coded == chosen, *without, view);
  if (IsAutoCodec(text)) {
    absl::StrAppend(&view->text, "A job measures this on its own paths, when it calls tutti_comm_set_codec(comm, \"",
                    text, "\"); tutti_comm_explain_codec says what it found.\n");
  }
  return absl::OkStatus();
}

}  // namespace tutti::info
