// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/registered.h"

#include <map>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/codec/registry.h"

namespace tutti {
namespace {

struct Table {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Codec>, std::less<>> codecs;
};

// Never destroyed: operations of other threads may still use its codecs while the process ends.
Table& TheTable() {
  static Table& table = *new Table;
  return table;
}

}  // namespace

absl::Status RegisterCodec(std::shared_ptr<const Codec> codec) {
  const std::string& name = codec->identity().name;
  for (const CodecInfo& info : BuiltInCodecs()) {
    if (name == info.name) return absl::AlreadyExistsError(absl::StrCat("\"", name, "\" is a codec of tutti's own"));
  }
  if (name == "none" || name == "auto") {
    return absl::AlreadyExistsError(absl::StrCat("\"", name, "\" has a meaning of its own where codecs are named"));
  }
  Table& table = TheTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  if (!table.codecs.try_emplace(name, codec).second) {
    return absl::AlreadyExistsError(absl::StrCat("a codec of the name \"", name, "\" is registered already"));
  }
  return absl::OkStatus();
}

std::shared_ptr<const Codec> FindRegisteredCodec(std::string_view name) {
  Table& table = TheTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  const auto found = table.codecs.find(name);
  return found == table.codecs.end() ? nullptr : found->second;
}

std::vector<std::string> RegisteredCodecNames() {
  Table& table = TheTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  std::vector<std::string> names;
  for (const auto& [name, codec] : table.codecs) names.push_back(name);
  return names;
}

}  // namespace tutti
