// SPDX-License-Identifier: Apache-2.0
#include "tools/cluster/json_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace tutti::cluster {
namespace {

constexpr size_t kMaxQuoted = 60;

std::string Quoted(const Json& value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kMaxQuoted) text = absl::StrCat(text.substr(0, kMaxQuoted), "...");
  return text;
}

// So that the mark stands under its character, and nothing reaches the terminal but what can be seen.
std::string Visible(absl::string_view line) {
  std::string text(line);
  for (char& c : text) c = absl::ascii_isprint(static_cast<unsigned char>(c)) ? c : '?';
  return text;
}

// The line that holds the byte, and a mark under it.
std::string Spot(absl::string_view text, size_t byte) {
  byte = std::min(byte == 0 ? 0 : byte - 1, text.size());
  const size_t newline_before = text.substr(0, byte).rfind('\n');
  const size_t begin = newline_before == absl::string_view::npos ? 0 : newline_before + 1;
  const absl::string_view line = text.substr(begin, text.find('\n', begin) - begin);
  const size_t column = byte - begin;
  const size_t cut = column > kMaxQuoted ? column - kMaxQuoted : 0;
  const size_t number = static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<int64_t>(byte), '\n'));
  return absl::StrCat("line ", number + 1, ", column ", column + 1, ":\n    ",
                      Visible(line.substr(cut, 2 * kMaxQuoted)), "\n    ", std::string(column - cut, ' '), "^");
}

}  // namespace

absl::StatusOr<Json> ParseJson(absl::string_view text) {
  try {
    return Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/true, /*ignore_comments=*/true);
  } catch (const Json::parse_error& wrong) {
    const absl::string_view what = wrong.what();
    const size_t reason = what.find("syntax error");
    return absl::InvalidArgumentError(
        absl::StrCat(reason == absl::string_view::npos ? what : what.substr(reason), "; at ", Spot(text, wrong.byte)));
  }
}

void JsonReader::Fail(absl::string_view what) {
  if (!status_.ok()) return;
  status_ = absl::InvalidArgumentError(absl::StrCat("at ", place_.empty() ? "the top" : place_, ": ", what));
}

bool JsonReader::IsObject(std::initializer_list<const char*> keys) {
  if (!ok()) return false;
  if (!value_.is_object()) {
    Fail(absl::StrCat(Quoted(value_), " is not an object, { ... }"));
    return false;
  }
  for (const auto& item : value_.items()) {
    const auto same = [&](const char* key) { return item.key() == key; };
    if (std::any_of(keys.begin(), keys.end(), same)) continue;
    Fail(absl::StrCat("there is no ", Quoted(item.key()), " here; what may be here: ", absl::StrJoin(keys, ", ")));
    return false;
  }
  return true;
}

JsonReader JsonReader::At(const char* key) const {
  return JsonReader(value_.at(key), status_, absl::StrCat(place_, "/", key));
}

JsonReader JsonReader::At(size_t index) const {
  return JsonReader(value_.at(index), status_, absl::StrCat(place_, "/", index));
}

size_t JsonReader::ListSize() {
  if (!ok()) return 0;
  if (value_.is_array()) return value_.size();
  Fail(absl::StrCat(Quoted(value_), " is not a list, [ ... ]"));
  return 0;
}

double JsonReader::AsNumber(double least, double most) {
  if (!ok()) return least;
  const double number = value_.is_number() ? value_.get<double>() : std::nan("");
  if (number >= least && number <= most) return number;
  Fail(absl::StrCat(Quoted(value_), " is not a number from ", least, " to ", most));
  return least;
}

int64_t JsonReader::AsInteger(int64_t least, int64_t most) {
  if (!ok()) return least;
  const bool fits = value_.is_number_integer() &&
                    !(value_.is_number_unsigned() &&
                      value_.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
  if (fits && value_.get<int64_t>() >= least && value_.get<int64_t>() <= most) return value_.get<int64_t>();
  Fail(absl::StrCat(Quoted(value_), " is not a whole number from ", least, " to ", most));
  return least;
}

std::string JsonReader::AsText() {
  if (!ok()) return "";
  if (value_.is_string()) return value_.get<std::string>();
  Fail(absl::StrCat(Quoted(value_), " is not a text, \"...\""));
  return "";
}

void JsonReader::Number(const char* key, double least, double most, double* out) const {
  if (!Has(key)) return;
  const double number = At(key).AsNumber(least, most);
  if (ok()) *out = number;
}

void JsonReader::Integer(const char* key, int64_t least, int64_t most, int64_t* out) const {
  if (!Has(key)) return;
  const int64_t number = At(key).AsInteger(least, most);
  if (ok()) *out = number;
}

void JsonReader::Integer(const char* key, int least, int* out) const {
  int64_t number = *out;
  Integer(key, least, std::numeric_limits<int>::max() / 2, &number);
  *out = static_cast<int>(number);
}

}  // namespace tutti::cluster
