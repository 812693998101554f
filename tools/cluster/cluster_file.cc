// SPDX-License-Identifier: Apache-2.0
#include "tools/cluster/cluster_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tutti::cluster {
namespace {

using simulate::ClusterSpec;
using simulate::Costs;
using simulate::LinkFault;
using simulate::Noise;
using simulate::PathClass;
using simulate::PathCost;

constexpr double kPsPerUs = static_cast<double>(simulate::kPsPerUs);
constexpr double kMostUs = 3.6e9;  // an hour
constexpr double kMostGBps = 1e6;
constexpr double kLeastGBps = 1e-6;
constexpr double kPsPerByteAtOneGBps = 1000;
constexpr uint64_t kMaxFileBytes = 64 << 20;

void ReadTime(const JsonReader& reader, const char* key, int64_t* ps) {
  double us = static_cast<double>(*ps) / kPsPerUs;
  if (!reader.Has(key)) return;
  reader.Number(key, 0, kMostUs, &us);
  *ps = static_cast<int64_t>(us * kPsPerUs + 0.5);
}

// null: takes no time.
void ReadSpeed(const JsonReader& reader, const char* key, double* ps_per_byte) {
  if (!reader.Has(key)) return;
  JsonReader value = reader.At(key);
  *ps_per_byte = value.value().is_null() ? 0 : kPsPerByteAtOneGBps / value.AsNumber(kLeastGBps, kMostGBps);
}

void ReadPath(JsonReader reader, PathCost* path) {
  if (!reader.IsObject(
          {"latency_us", "send_us", "receive_us", "gap_us", "GBps", "send_GBps", "receive_GBps", "eager_bytes"})) {
    return;
  }
  ReadTime(reader, "latency_us", &path->latency_ps);
  ReadTime(reader, "send_us", &path->send_ps);
  ReadTime(reader, "receive_us", &path->receive_ps);
  ReadTime(reader, "gap_us", &path->gap_ps);
  ReadSpeed(reader, "GBps", &path->ps_per_byte);
  ReadSpeed(reader, "send_GBps", &path->send_ps_per_byte);
  ReadSpeed(reader, "receive_GBps", &path->receive_ps_per_byte);
  if (reader.Has("eager_bytes")) {
    JsonReader value = reader.At("eager_bytes");
    path->eager_bytes = value.value().is_null()
                            ? std::numeric_limits<uint64_t>::max()
                            : static_cast<uint64_t>(value.AsInteger(0, std::numeric_limits<int64_t>::max()));
  }
}

void ReadUncached(JsonReader reader, simulate::Uncached* uncached) {
  constexpr double kMostTimes = 1000;
  constexpr double kMostMB = 1e9;
  if (!reader.IsObject({"cache_MB", "messages", "reduce", "copy"})) return;
  double cache_mb = static_cast<double>(uncached->cache_bytes) / 1e6;
  reader.Number("cache_MB", 0, kMostMB, &cache_mb);
  uncached->cache_bytes = static_cast<uint64_t>(cache_mb * 1e6);
  reader.Number("messages", 1, kMostTimes, &uncached->messages);
  reader.Number("reduce", 1, kMostTimes, &uncached->reduce);
  reader.Number("copy", 1, kMostTimes, &uncached->copy);
}

// Classes that are not named are like the one before them, from "rack" on.
void ReadPaths(JsonReader reader, Costs* costs) {
  if (!reader.IsObject({"host", "rack", "pod", "far"})) return;
  bool known = false;
  for (int c = 0; c < simulate::kNumPathClasses; ++c) {
    const char* name = PathClassName(static_cast<PathClass>(c));
    const bool named = reader.Has(name);
    if (!named && known && c > static_cast<int>(PathClass::kRack)) {
      costs->paths[static_cast<size_t>(c)] = costs->paths[static_cast<size_t>(c - 1)];
    }
    if (named) ReadPath(reader.At(name), &costs->paths[static_cast<size_t>(c)]);
    if (c >= static_cast<int>(PathClass::kRack)) known |= named;
  }
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return absl::InvalidArgumentError("it is a folder, not a file");
  if (std::filesystem::file_size(path, error) > kMaxFileBytes && !error) {
    return absl::InvalidArgumentError("it has more than 64 MiB");
  }
  if (!file || !(text << file.rdbuf())) {
    return absl::NotFoundError(absl::StrCat("it cannot be read (", errno == 0 ? "empty" : std::strerror(errno), ")"));
  }
  return std::move(text).str();
}

// One number, in us, on each line.
void ReadSampleFile(JsonReader reader, const std::string& folder, Noise* noise) {
  const std::string name = reader.AsText();
  if (!reader.ok()) return;
  const std::string path = (std::filesystem::path(folder) / name).string();
  const absl::StatusOr<std::string> text = ReadText(path);
  if (!text.ok()) return reader.Fail(absl::StrCat(path, ": ", text.status().message()));
  int number = 0;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    double us = 0;
    if (!absl::SimpleAtod(line, &us) || !(us >= 0) || us > kMostUs) {
      return reader.Fail(absl::StrCat(path, ", line ", number, ": \"", absl::CHexEscape(line.substr(0, 40)),
                                      "\" is not a number of microseconds"));
    }
    noise->samples.push_back(static_cast<int64_t>(us * kPsPerUs + 0.5));
  }
}

void ReadNoise(JsonReader reader, const std::string& folder, Noise* noise) {
  if (!reader.IsObject({"kind", "chance", "mean_us", "median_us", "sigma", "us", "file"})) return;
  *noise = Noise();
  reader.Number("chance", 0, 1, &noise->chance);
  const auto need = [&](const char* key) {
    if (!reader.Has(key)) reader.Fail(absl::StrCat("\"", key, "\" is missing for this kind"));
    return reader.ok();
  };
  if (!need("kind")) return;
  const std::string kind = reader.At("kind").AsText();
  double us = 0;
  if (kind == "none") {
    return;
  } else if (kind == "exponential") {
    noise->kind = Noise::Kind::kExponential;
    if (!need("mean_us")) return;
    reader.Number("mean_us", 0, kMostUs, &us);
    noise->mean_ps = us * kPsPerUs;
  } else if (kind == "lognormal") {
    noise->kind = Noise::Kind::kLognormal;
    if (!need("median_us") || !need("sigma")) return;
    reader.Number("median_us", 0, kMostUs, &us);
    reader.Number("sigma", 0, 10, &noise->sigma);
    noise->median_ps = us * kPsPerUs;
  } else if (kind == "samples") {
    noise->kind = Noise::Kind::kSamples;
    if (reader.Has("file")) {
      ReadSampleFile(reader.At("file"), folder, noise);
    } else if (need("us")) {
      JsonReader list = reader.At("us");
      for (size_t i = 0; i < list.ListSize(); ++i) {
        noise->samples.push_back(static_cast<int64_t>(list.At(i).AsNumber(0, kMostUs) * kPsPerUs + 0.5));
      }
    }
    if (noise->samples.empty()) reader.Fail("there are no samples");
  } else {
    reader.At("kind").Fail(absl::StrCat("the kinds are none, exponential, lognormal and samples"));
  }
}

// "host 3", "rack 0 out", "pod 1 in".
void ReadLink(JsonReader reader, LinkFault* fault) {
  const std::string text = reader.AsText();
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  const bool level_known = !words.empty() && (words[0] == "host" || words[0] == "rack" || words[0] == "pod");
  const bool side_known = words.size() == 2 || (words.size() == 3 && (words[2] == "out" || words[2] == "in"));
  if (!level_known || !side_known || !absl::SimpleAtoi(words[1], &fault->index) || fault->index < 0) {
    return reader.Fail(
        "a link is named like \"host 3 out\": host, rack or pod, its number from 0, and out, in or neither "
        "for both");
  }
  fault->level = words[0] == "host"   ? LinkFault::Level::kHost
                 : words[0] == "rack" ? LinkFault::Level::kRack
                                      : LinkFault::Level::kPod;
  fault->out = words.size() == 2 || words[2] == "out";
  fault->in = words.size() == 2 || words[2] == "in";
}

void ReadFault(JsonReader reader, ClusterSpec* spec) {
  if (!reader.IsObject({"link", "bandwidth_factor", "down_from_us", "down_for_us"})) return;
  if (!reader.Has("link")) return reader.Fail("\"link\" is missing");
  LinkFault fault;
  ReadLink(reader.At("link"), &fault);
  reader.Number("bandwidth_factor", 1e-9, 1e3, &fault.bandwidth_factor);
  int64_t down_for_ps = 0;
  ReadTime(reader, "down_from_us", &fault.down_from_ps);
  ReadTime(reader, "down_for_us", &down_for_ps);
  fault.down_until_ps = fault.down_from_ps + down_for_ps;
  spec->faults.push_back(fault);
}

void ReadLate(JsonReader reader, ClusterSpec* spec) {
  if (!reader.IsObject({"rank", "us"})) return;
  if (!reader.Has("rank") || !reader.Has("us")) return reader.Fail("it needs \"rank\" and \"us\"");
  simulate::LateRank late;
  reader.Integer("rank", 0, &late.rank);
  ReadTime(reader, "us", &late.by_ps);
  spec->late.push_back(late);
}

void ReadSlow(JsonReader reader, ClusterSpec* spec) {
  if (!reader.IsObject({"host", "factor"})) return;
  if (!reader.Has("host") || !reader.Has("factor")) return reader.Fail("it needs \"host\" and \"factor\"");
  simulate::SlowHost slow;
  reader.Integer("host", 0, &slow.host);
  reader.Number("factor", 1e-3, 1e6, &slow.factor);
  spec->slow.push_back(slow);
}

void ReadPlaces(JsonReader reader, ClusterSpec* spec) {
  if (reader.Has("hosts")) {
    JsonReader list = reader.At("hosts");
    spec->hosts.clear();
    for (size_t i = 0; i < list.ListSize(); ++i) {
      spec->hosts.push_back(static_cast<int>(list.At(i).AsInteger(1, 1 << 20)));
    }
    if (reader.ok() && spec->hosts.empty()) list.Fail("there is no host");
    if (reader.Has("ranks_per_host"))
      list.Fail("\"hosts\" and \"ranks_per_host\" say the same thing: give one of them");
  }
  reader.Integer("ranks_per_host", 1, &spec->ranks_per_host);
  reader.Integer("hosts_per_rack", 0, &spec->hosts_per_rack);
  reader.Integer("racks_per_pod", 0, &spec->racks_per_pod);
  reader.Integer("cores_per_host", 0, &spec->cores_per_host);
  reader.Number("rack_oversubscription", 0.001, 1e6, &spec->rack_oversubscription);
  reader.Number("pod_oversubscription", 0.001, 1e6, &spec->pod_oversubscription);
}

}  // namespace

absl::Status ReadCluster(absl::string_view text, const std::string& folder, ClusterSpec* spec) {
  const absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) return json.status();
  absl::Status status;
  JsonReader reader(*json, status);
  if (!reader.IsObject({"about",
                        "fingerprint",
                        "measured",
                        "ranks_per_host",
                        "hosts",
                        "hosts_per_rack",
                        "racks_per_pod",
                        "cores_per_host",
                        "switch_us",
                        "rack_oversubscription",
                        "pod_oversubscription",
                        "call_us",
                        "reduce_GBps",
                        "copy_GBps",
                        "uncached",
                        "paths",
                        "noise",
                        "arrival",
                        "late",
                        "slow",
                        "faults"})) {
    return status;
  }
  ReadPlaces(reader, spec);
  ReadTime(reader, "switch_us", &spec->switch_ps);
  ReadTime(reader, "call_us", &spec->costs.call_ps);
  ReadSpeed(reader, "reduce_GBps", &spec->costs.reduce_ps_per_byte);
  ReadSpeed(reader, "copy_GBps", &spec->costs.copy_ps_per_byte);
  if (reader.Has("uncached")) ReadUncached(reader.At("uncached"), &spec->costs.uncached);
  if (reader.Has("paths")) ReadPaths(reader.At("paths"), &spec->costs);
  if (reader.Has("noise")) ReadNoise(reader.At("noise"), folder, &spec->costs.noise);
  if (reader.Has("arrival")) ReadNoise(reader.At("arrival"), folder, &spec->arrival);
  const auto each = [&](const char* key, void (*read)(JsonReader, ClusterSpec*)) {
    if (!reader.Has(key)) return;
    JsonReader list = reader.At(key);
    for (size_t i = 0; i < list.ListSize(); ++i) read(list.At(i), spec);
  };
  each("late", ReadLate);
  each("slow", ReadSlow);
  each("faults", ReadFault);
  return status;
}

absl::Status ReadClusterFile(const std::string& path, ClusterSpec* spec) {
  const absl::StatusOr<std::string> text = ReadText(path);
  if (!text.ok()) return absl::Status(text.status().code(), absl::StrCat(path, ": ", text.status().message()));
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const absl::Status status = ReadCluster(*text, folder, spec);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", status.message()));
}

absl::StatusOr<simulate::ClusterSpec> ReadClusterFiles(const std::vector<std::string>& paths) {
  simulate::ClusterSpec spec;
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    if (absl::Status status = ReadClusterFile(path, &spec); !status.ok()) return status;
  }
  return spec;
}

}  // namespace tutti::cluster
