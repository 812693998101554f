// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-report/trace_line.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"

namespace tutti::report {
namespace {

using Json = nlohmann::json;

constexpr int32_t kMaxJobSize = 1 << 20;
constexpr int kFormatVersion = 1;

// Times beyond this, 18 years, are wrong, and their sums could overflow.
constexpr int64_t kLatestNs = INT64_MAX / 16;

// Members of a line. The first that is missing or out of range is remembered.
class Fields {
 public:
  explicit Fields(const Json& json) : json_(json) {}

  template <typename T>
  T Number(const char* name, T low = std::numeric_limits<T>::min(), T high = std::numeric_limits<T>::max()) {
    const auto it = json_.find(name);
    if (it == json_.end()) return Wrong<T>(name, "is missing");
    return Check<T>(name, *it, low, high);
  }
  template <typename T>
  T NumberOr(const char* name, T fallback, T low = std::numeric_limits<T>::min(),
             T high = std::numeric_limits<T>::max()) {
    const auto it = json_.find(name);
    return it == json_.end() ? fallback : Check<T>(name, *it, low, high);
  }
  std::string Text(const char* name) {
    const auto it = json_.find(name);
    if (it == json_.end()) return Wrong<std::string>(name, "is missing");
    return it->is_string() ? it->get<std::string>() : Wrong<std::string>(name, "is no text");
  }
  std::string TextOr(const char* name, const std::string& fallback) {
    return json_.contains(name) ? Text(name) : fallback;
  }
  // The elements of an array.
  const Json& List(const char* name) {
    static const Json kNone = Json::array();
    const auto it = json_.find(name);
    if (it != json_.end() && it->is_array()) return *it;
    Wrong<int>(name, "is no list");
    return kNone;
  }
  template <typename T>
  T Check(const char* name, const Json& value, T low, T high) {
    if (!value.is_number_integer()) return Wrong<T>(name, "is no whole number");
    const bool is_large = value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX};
    if constexpr (std::is_same_v<T, uint64_t>) {
      if (!value.is_number_unsigned() && value.get<int64_t>() < 0) return Wrong<T>(name, "is negative");
      const uint64_t number = value.get<uint64_t>();
      return number < low || number > high ? Wrong<T>(name, "is out of range") : number;
    } else {
      if (is_large) return Wrong<T>(name, "is out of range");
      const int64_t number = value.get<int64_t>();
      return number < int64_t{low} || number > int64_t{high} ? Wrong<T>(name, "is out of range")
                                                             : static_cast<T>(number);
    }
  }
  const std::string& wrong() const { return wrong_; }

 private:
  template <typename T>
  T Wrong(const char* name, const char* what) {
    if (wrong_.empty()) wrong_ = absl::StrCat("\"", name, "\" ", what);
    return T{};
  }

  const Json& json_;
  std::string wrong_;
};

std::string AddRank(Fields& fields, RankRecords* rank) {
  const int version = fields.Number<int32_t>("version");
  if (fields.wrong().empty() && version != kFormatVersion) {
    return absl::StrCat("this is version ", version, " of the format; this tutti-report reads version ", kFormatVersion,
                        ": use the one of the tutti that wrote it");
  }
  RankRecords said;
  said.job = fields.Text("job");
  said.size = fields.Number<int32_t>("size", 1, kMaxJobSize);
  said.job_rank = fields.Number<int32_t>("rank", 0, kMaxJobSize - 1);
  said.host = fields.Text("host");
  said.host_id = fields.Text("host_id");
  said.pid = fields.Number<int64_t>("pid");
  said.clock_ns = fields.Number<int64_t>("clock_ns", -kLatestNs, kLatestNs);
  said.unix_ns = fields.Number<int64_t>("unix_ns", 0);
  if (!fields.wrong().empty()) return fields.wrong();
  if (said.job_rank >= said.size) return absl::StrCat("rank ", said.job_rank, " of ", said.size, " ranks");
  if (rank->job_rank >= 0 && (rank->job != said.job || rank->job_rank != said.job_rank)) {
    return "a second \"rank\" line that tells another rank or job";
  }
  rank->job = said.job;
  rank->size = said.size;
  rank->job_rank = said.job_rank;
  rank->host = said.host;
  rank->host_id = said.host_id;
  rank->pid = said.pid;
  rank->clock_ns = said.clock_ns;
  rank->unix_ns = said.unix_ns;
  return "";
}

std::string AddComm(Fields& fields, RankRecords* rank) {
  const uint32_t comm = fields.Number<uint32_t>("comm");
  std::vector<int32_t> members;
  for (const Json& member : fields.List("members")) {
    members.push_back(fields.Check<int32_t>("members", member, 0, rank->size - 1));
  }
  if (!fields.wrong().empty()) return fields.wrong();
  // Every file of a rank begins with its communicators.
  const auto [known, is_new] = rank->comms.emplace(comm, members);
  return is_new || known->second == members ? ""
                                            : absl::StrCat("communicator ", comm, " has other members than before");
}

// "" or why the rank is none of the communicator's.
std::string CheckMember(const RankRecords& rank, uint32_t comm, int32_t member, const char* what) {
  const auto it = rank.comms.find(comm);
  if (it == rank.comms.end()) return absl::StrCat("communicator ", comm, " has not been described before");
  if (member < static_cast<int64_t>(it->second.size())) return "";
  return absl::StrCat("\"", what, "\" is ", member, ", but communicator ", comm, " has ", it->second.size(), " ranks");
}

std::string AddOperation(Fields& fields, RankRecords* rank, std::set<std::string>* names) {
  const auto name = [&](const std::string& text) { return &*names->insert(text).first; };
  OperationEntry op;
  op.comm = fields.Number<uint32_t>("comm");
  op.sequence = fields.Number<uint64_t>("seq");
  op.call = name(fields.Text("call"));
  op.algorithm = name(fields.TextOr("alg", ""));
  op.bytes = fields.Number<uint64_t>("bytes");
  op.start_ns = fields.Number<int64_t>("start_ns", -kLatestNs, kLatestNs);
  op.end_ns = fields.Number<int64_t>("end_ns", -kLatestNs, kLatestNs);
  op.queued_ns = fields.Number<int64_t>("queued_ns", 0, kLatestNs);
  op.waited_ns = fields.Number<int64_t>("waited_ns", 0, kLatestNs);
  op.moved_ns = fields.Number<int64_t>("moved_ns", 0, kLatestNs);
  op.reduced_ns = fields.Number<int64_t>("reduced_ns", 0, kLatestNs);
  op.coded_ns = fields.NumberOr<int64_t>("coded_ns", 0, 0, kLatestNs);  // version 1 was once without it
  op.last = fields.NumberOr<int32_t>("last", -1, -1);
  op.last_by_ns = fields.NumberOr<int64_t>("last_by_ns", 0);
  op.last_error_ns = fields.NumberOr<int64_t>("last_error_ns", 0, 0);
  op.peer = fields.NumberOr<int32_t>("peer", -1, -1);
  op.tag = fields.NumberOr<uint32_t>("tag", 0);
  op.slow_peer = fields.NumberOr<int32_t>("slow_peer", -1, -1);
  op.slow_ns = fields.NumberOr<int64_t>("slow_ns", 0, 0);
  op.rail = name(fields.TextOr("rail", ""));
  const std::string outcome = fields.TextOr("outcome", "");
  if (!outcome.empty()) op.outcome = name(outcome);
  if (!fields.wrong().empty()) return fields.wrong();
  if (op.end_ns < op.start_ns) return "it ends before it starts";
  for (const auto& [member, what] : {std::pair(op.last, "last"), {op.peer, "peer"}, {op.slow_peer, "slow_peer"}}) {
    const std::string wrong = CheckMember(*rank, op.comm, member, what);
    if (!wrong.empty()) return wrong;
  }
  rank->operations.push_back(op);
  return "";
}

std::string AddKind(Fields& fields, RankRecords* rank) {
  KindKey key;
  key.comm = fields.Number<uint32_t>("comm");
  key.epoch = fields.Number<uint64_t>("epoch");
  key.call = fields.Text("call");
  key.algorithm = fields.Text("alg");
  key.min_bytes = fields.Number<uint64_t>("min_bytes");
  KindEntry kind;
  kind.max_bytes = fields.Number<uint64_t>("max_bytes");
  kind.count = fields.Number<uint64_t>("count", 1);
  kind.min_ns = fields.Number<uint64_t>("min_ns");
  kind.max_ns = fields.Number<uint64_t>("max_ns");
  kind.queued_ns = fields.Number<uint64_t>("queued_ns");
  kind.waited_ns = fields.Number<uint64_t>("waited_ns");
  kind.moved_ns = fields.Number<uint64_t>("moved_ns");
  kind.reduced_ns = fields.Number<uint64_t>("reduced_ns");
  kind.coded_ns = fields.NumberOr<uint64_t>("coded_ns", 0);
  for (const Json& bucket : fields.List("buckets")) {
    if (!bucket.is_array() || bucket.size() != 3) return "a bucket is no list of three numbers";
    const auto number = [&](size_t i) { return fields.Check<uint64_t>("buckets", bucket[i], 0, UINT64_MAX); };
    kind.buckets.emplace_back(number(0), number(1), number(2));
    if (std::get<0>(kind.buckets.back()) >= std::get<1>(kind.buckets.back())) return "a bucket ends before it begins";
  }
  if (fields.wrong().empty()) rank->kinds[key] = std::move(kind);
  return fields.wrong();
}

std::string AddBlame(Fields& fields, RankRecords* rank) {
  BlameKey key;
  key.comm = fields.Number<uint32_t>("comm");
  key.epoch = fields.Number<uint64_t>("epoch");
  key.rank = fields.Number<int32_t>("rank", 0);
  BlameEntry blame;
  blame.times_last = fields.Number<uint64_t>("times_last");
  blame.late_ns = fields.Number<uint64_t>("late_ns");
  blame.max_late_ns = fields.Number<uint64_t>("max_late_ns");
  blame.messages = fields.Number<uint64_t>("messages");
  blame.bytes = fields.Number<uint64_t>("bytes");
  blame.path_ns = fields.Number<uint64_t>("path_ns");
  blame.max_path_ns = fields.Number<uint64_t>("max_path_ns");
  if (!fields.wrong().empty()) return fields.wrong();
  const std::string wrong = CheckMember(*rank, key.comm, key.rank, "rank");
  if (wrong.empty()) rank->blames[key] = blame;
  return wrong;
}

std::string AddClock(Fields& fields, RankRecords* rank) {
  ClockEntry clock;
  clock.job_rank = fields.Number<int32_t>("peer", 0, rank->size - 1);
  clock.at_ns = fields.Number<int64_t>("at_ns", -kLatestNs, kLatestNs);
  clock.ahead_ns = fields.Number<int64_t>("ahead_ns", -kLatestNs, kLatestNs);
  clock.error_ns = fields.Number<int64_t>("error_ns", 0, kLatestNs);
  if (fields.wrong().empty()) rank->clocks.push_back(clock);
  return fields.wrong();
}

}  // namespace

std::string AddLine(absl::string_view line, RankRecords* rank, std::set<std::string>* names) {
  const Json json = Json::parse(line.begin(), line.end(), nullptr, false);
  if (json.is_discarded() || !json.is_object()) return "this is no JSON object; was the file cut off here?";
  Fields fields(json);
  const std::string type = fields.Text("type");
  if (!fields.wrong().empty()) return fields.wrong();
  if (type == "rank") return AddRank(fields, rank);
  if (rank->job_rank < 0) return "a \"rank\" line must come first";
  if (type == "comm") return AddComm(fields, rank);
  if (type == "op") return AddOperation(fields, rank, names);
  if (type == "kind") return AddKind(fields, rank);
  if (type == "blame") return AddBlame(fields, rank);
  if (type == "clock") return AddClock(fields, rank);
  if (type == "step") return "";  // for other readers
  if (type == "lost") {
    const uint64_t lost = fields.Number<uint64_t>("records");
    rank->lost += lost;
    return fields.wrong();
  }
  return absl::StrCat("a line of type \"", type, "\" is not known");
}

}  // namespace tutti::report
