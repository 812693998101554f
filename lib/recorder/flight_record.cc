// SPDX-License-Identifier: Apache-2.0
#include "lib/recorder/flight_record.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "lib/base/unique_fd.h"

namespace tutti {
namespace {

constexpr int32_t kMaxRanks = 1 << 20;

absl::Status Broken(const std::string& path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, " is no flight record that can be read: ", what));
}

// Copied, not mapped: a file that is cut short meanwhile is a short read, where a mapping would be a signal.
absl::Status ReadAll(int fd, const std::string& path, FlightFile* out) {
  char* const to = reinterpret_cast<char*>(out);
  for (size_t have = 0; have < sizeof(FlightFile);) {
    const ssize_t got = pread(fd, to + have, sizeof(FlightFile) - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Broken(path, std::strerror(errno));
    if (got == 0) return Broken(path, absl::StrCat("it ends after ", have, " bytes"));
    have += static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

// What is printed on a terminal must not be able to control it.
template <size_t n>
std::string Printable(const std::array<char, n>& field) {
  std::string text(field.data(), strnlen(field.data(), n));
  for (char& c : text) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return text;
}

absl::Status CheckHeader(const std::string& path, const FlightHeader& header, int64_t file_bytes) {
  if (!std::equal(header.magic.begin(), header.magic.end(), std::begin(kFlightMagic))) {
    return Broken(path, "it does not begin like one");
  }
  if (header.version != kFlightVersion) {
    return Broken(path, absl::StrCat("it is of version ", header.version, ", this program reads version ",
                                     kFlightVersion, "; use the tutti-info of the tutti that wrote it"));
  }
  if (header.header_bytes != sizeof(FlightHeader) || header.file_bytes != sizeof(FlightFile) ||
      file_bytes != static_cast<int64_t>(sizeof(FlightFile))) {
    return Broken(path, absl::StrCat("it has ", file_bytes, " bytes instead of ", sizeof(FlightFile)));
  }
  if (header.size < 1 || header.size > kMaxRanks || header.rank < 0 || header.rank >= header.size || header.pid <= 0) {
    return Broken(path, absl::StrCat("it is of rank ", header.rank, " of ", header.size, ", process ", header.pid));
  }
  return absl::OkStatus();
}

void AddWait(const FlightWait& wait, int32_t size, FlightRecord::Operation* operation) {
  operation->posted = static_cast<uint32_t>(wait.posted.load() >> 32);
  const int32_t arrival = wait.last_arrival.load();
  if (arrival >= 0 && arrival < size) {
    operation->last_arrival = arrival;
    operation->last_arrival_ns = wait.last_arrival_ns.load();
  }
  const uint64_t word = wait.waits.load();
  const auto kind = static_cast<uint8_t>(word >> 24);
  const auto peer = static_cast<int32_t>(word & 0xffffff) - 1;
  if (kind == 0 || kind >= kFlightWaitKinds || peer >= size) return;
  operation->wait = FlightRecord::Wait{static_cast<FlightWaitKind>(kind), static_cast<uint32_t>(word >> 32), peer,
                                       wait.bytes.load(), wait.since_ns.load()};
}

// Three copies, one after the other: what has the same ordinal in the first and in the last did not change its operation in
// the middle one.
struct Copies {
  FlightFile before, middle, after;
};

void AddOperations(const Copies& copies, FlightRecord* record) {
  for (size_t i = 0; i < kFlightOperations; ++i) {
    const FlightOperation& slot = copies.middle.operations[i];
    const uint64_t ordinal = copies.before.operations[i].ordinal.load();
    if (ordinal == 0 || copies.after.operations[i].ordinal.load() != ordinal) continue;
    FlightRecord::Operation operation;
    operation.ordinal = ordinal;
    operation.signature = slot.signature.load();
    operation.sequence = slot.sequence.load();
    operation.channel = slot.channel.load();
    operation.message = slot.message.load();
    operation.bytes = slot.bytes.load();
    operation.started_ns = slot.started_ns.load();
    operation.ended_ns = slot.ended_ns.load();
    operation.progress = FlightProgress::Unpack(slot.progress.load());
    operation.progress.steps_done = std::min(operation.progress.steps_done, operation.progress.steps);
    const bool has_wait =
        copies.before.waits[i].ordinal.load() == ordinal && copies.after.waits[i].ordinal.load() == ordinal;
    if (has_wait) AddWait(copies.middle.waits[i], record->size, &operation);
    record->operations.push_back(operation);
  }
  std::sort(record->operations.begin(), record->operations.end(),
            [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; });
}

void AddChannels(const FlightFile& file, FlightRecord* record) {
  for (const FlightChannel& slot : file.channels) {
    if (slot.in_use.load() != 1) continue;
    const FlightRecord::Channel channel{slot.channel.load(), slot.rank.load(),    slot.size.load(),
                                        slot.outcome.load(), slot.entered.load(), slot.completed.load()};
    if (channel.size < 1 || channel.size > kMaxRanks || channel.rank < 0 || channel.rank >= channel.size) continue;
    record->channels.push_back(channel);
  }
}

}  // namespace

absl::StatusOr<FlightRecord> ReadFlightRecord(const std::string& path) {
  // Non-blocking, so that a pipe in the file's place does not hold us up.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid() && errno == ENOENT) return absl::NotFoundError(absl::StrCat(path, " is gone"));
  if (!fd.valid()) return Broken(path, std::strerror(errno));
  struct stat facts = {};
  if (fstat(fd.get(), &facts) != 0) return Broken(path, std::strerror(errno));
  if (!S_ISREG(facts.st_mode)) return Broken(path, "it is no regular file");
  if (facts.st_size < static_cast<off_t>(sizeof(FlightHeader))) {
    return Broken(path, absl::StrCat("it has only ", facts.st_size, " bytes"));
  }
  const auto copies = std::make_unique<Copies>();
  // The header alone first: it says whether the rest is what this program takes it for.
  const ssize_t got = pread(fd.get(), &copies->before, sizeof(FlightHeader), 0);
  if (got != static_cast<ssize_t>(sizeof(FlightHeader))) return Broken(path, "it cannot be read");
  absl::Status status = CheckHeader(path, copies->before.header, facts.st_size);
  if (!status.ok()) return status;
  for (FlightFile* copy : {&copies->before, &copies->middle, &copies->after}) {
    status = ReadAll(fd.get(), path, copy);
    if (!status.ok()) return status;
    __sync_synchronize();
  }
  const FlightHeader& header = copies->middle.header;
  status = CheckHeader(path, header, facts.st_size);
  if (!status.ok()) return status;
  FlightRecord record;
  record.path = path;
  record.rank = header.rank;
  record.size = header.size;
  record.process = {header.pid, header.start_ticks, header.pid_namespace};
  record.created_ns = header.created_ns;
  record.created_unix_ns = header.created_unix_ns;
  record.run = Printable(header.run);
  record.job_id = Printable(header.job_id);
  record.host = Printable(header.host);
  record.program = Printable(header.program);
  record.driven_ns = header.driven_ns.load();
  record.unrecorded = header.unrecorded.load();
  AddChannels(copies->middle, &record);
  AddOperations(*copies, &record);
  return record;
}

}  // namespace tutti
