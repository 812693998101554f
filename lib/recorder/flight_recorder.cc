// SPDX-License-Identifier: Apache-2.0
#include "lib/recorder/flight_recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "lib/base/clock.h"
#include "lib/base/unique_fd.h"
#include "lib/recorder/flight_folder.h"
#include "lib/recorder/process_state.h"

namespace tutti {
namespace {

template <size_t n>
void CopyText(absl::string_view text, std::array<char, n>* out) {
  const size_t bytes = std::min(text.size(), n - 1);  // the rest is zero
  std::memcpy(out->data(), text.data(), bytes);
}

absl::Status Failed(absl::string_view what, const std::string& path, int error) {
  return absl::UnavailableError(absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FlightRecorder>> FlightRecorder::Create(const std::string& folder,
                                                                       const Identity& identity, int64_t now_ns) {
  const ProcessIdentity self = ThisProcess();
  const std::string path = absl::StrCat(folder, "/", FlightFileName(identity.run, identity.rank, self.pid));
  // Under another name until it is whole. Of this process there is no other file of that run and rank.
  const std::string temporary = absl::StrCat(path, ".new");
  UniqueFd fd(open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return Failed("create", temporary, errno);
  const auto give_up = [&](absl::string_view what, int error) {
    unlink(temporary.c_str());
    return Failed(what, temporary, error);
  };
  // Not only promised: a store into memory that is not there would be the rank's end.
  const int error = posix_fallocate(fd.get(), 0, sizeof(FlightFile));
  if (error != 0) return give_up("get the memory for", error);
  void* memory = mmap(nullptr, sizeof(FlightFile), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd.get(), 0);
  if (memory == MAP_FAILED) return give_up("map", errno);
  // Every page is touched here, and not in the middle of an operation.
  FlightFile* file = new (memory) FlightFile;
  FlightHeader& header = file->header;
  std::copy(std::begin(kFlightMagic), std::end(kFlightMagic), header.magic.begin());
  header.header_bytes = sizeof(FlightHeader);
  header.file_bytes = sizeof(FlightFile);
  header.rank = identity.rank;
  header.size = identity.size;
  header.pid = self.pid;
  header.start_ticks = self.start_ticks;
  header.pid_namespace = self.pid_namespace;
  header.created_ns = now_ns;
  header.created_unix_ns = UnixNowNs();
  CopyText(identity.run, &header.run);
  CopyText(identity.job_id, &header.job_id);
  CopyText(identity.host, &header.host);
  CopyText(program_invocation_short_name, &header.program);
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int rename_error = errno;
    munmap(memory, sizeof(FlightFile));
    return give_up("name", rename_error);
  }
  return std::unique_ptr<FlightRecorder>(new FlightRecorder(file, path, getpid()));
}

FlightRecorder::~FlightRecorder() {
  if (getpid() == owner_) unlink(path_.c_str());
  munmap(file_, sizeof(FlightFile));
}

FlightChannel* FlightRecorder::OpenChannel(uint32_t channel, int rank, int size) {
  std::lock_guard<std::mutex> lock(channels_mutex_);
  for (FlightChannel& slot : file_->channels) {
    if (slot.in_use.load(std::memory_order_relaxed) != 0) continue;
    slot.channel.store(channel, std::memory_order_relaxed);
    slot.rank.store(rank, std::memory_order_relaxed);
    slot.size.store(size, std::memory_order_relaxed);
    slot.outcome.store(0, std::memory_order_relaxed);
    slot.entered.store(0, std::memory_order_relaxed);
    slot.completed.store(0, std::memory_order_relaxed);
    slot.in_use.store(1, std::memory_order_release);
    return &slot;
  }
  return nullptr;
}

void FlightRecorder::CloseChannel(FlightChannel* channel) {
  if (channel == nullptr) return;
  std::lock_guard<std::mutex> lock(channels_mutex_);
  channel->in_use.store(0, std::memory_order_release);
}

void FlightRecorder::Waits(FlightWait& wait, FlightWaitKind kind, uint32_t step, int32_t peer, uint64_t bytes,
                           int64_t now_ns) {
  const uint64_t word = (static_cast<uint64_t>(step) << 32) | (static_cast<uint64_t>(kind) << 24) |
                        (static_cast<uint64_t>(peer + 1) & 0xffffff);
  if (wait.waits.load(std::memory_order_relaxed) == word) return;
  wait.bytes.store(bytes, std::memory_order_relaxed);
  wait.since_ns.store(now_ns, std::memory_order_relaxed);
  wait.waits.store(word, std::memory_order_release);
}

}  // namespace tutti
