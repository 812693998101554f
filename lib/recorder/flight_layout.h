// SPDX-License-Identifier: Apache-2.0
// How a flight record lies in its file: a header, the communicators, the last operations, and for each of those what it waits
// for. The rank writes into the mapped file with plain stores; others read the file while it does so, and after its death.
//
//   [header 4096][channel 64] x 64 [operation 64] x 256 [wait 64] x 256
//
// CONSISTENCY. An operation's slot is used again for a later one: its ordinal is 0 while that happens, and is written last.
// Whoever sees the same ordinal before and after reading the rest has read one operation. The words that change while it runs
// are whole by themselves. A wait belongs to the operation whose ordinal it has.
//
// All numbers are of this machine's byte order; a record is read on the host where it was written. Times are the host's
// CLOCK_MONOTONIC_RAW in ns, 0 where nobody looked. Any change of meaning raises kFlightVersion.
#ifndef TUTTI_LIB_RECORDER_FLIGHT_LAYOUT_H_
#define TUTTI_LIB_RECORDER_FLIGHT_LAYOUT_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tutti {

inline constexpr char kFlightMagic[8] = {'T', 'U', 'T', 'T', 'I', 'R', 'E', 'C'};
inline constexpr uint32_t kFlightVersion = 1;
inline constexpr size_t kFlightChannels = 64;
inline constexpr size_t kFlightOperations = 256;

// While it runs; otherwise the number of the tutti_status_t with which it ended.
inline constexpr int32_t kFlightRunning = 1;

// What the first step that waits is about.
enum class FlightWaitKind : uint8_t {
  kNothing = 0,
  kSend = 1,
  kReceive = 2,
  kContribution = 3,      // what the peer writes into its shared memory
  kRoom = 4,              // until the peer has read what lies in this rank's shared memory
  kSharedMemory = 5,      // the peer's shared memory itself
  kEarlierOperation = 6,  // of the same communicator
};
inline constexpr uint8_t kFlightWaitKinds = 7;

struct alignas(4096) FlightHeader {
  // Written before the file is given its name, and never again.
  std::array<char, 8> magic{};
  uint32_t version = kFlightVersion;
  uint32_t header_bytes = 0;
  uint64_t file_bytes = 0;
  int32_t rank = -1;
  int32_t size = 0;
  int64_t pid = 0;
  uint64_t start_ticks = 0;    // of the process; see process_state.h
  uint64_t pid_namespace = 0;  // in which `pid` means something
  int64_t created_ns = 0;
  int64_t created_unix_ns = 0;
  std::array<char, 32> run{};     // the name that all ranks of this run share
  std::array<char, 64> job_id{};  // the launcher's, or the user's; may be empty
  std::array<char, 64> host{};
  std::array<char, 64> program{};

  // The last time that somebody drove the engine while operations ran, to within a tick.
  alignas(64) std::atomic<int64_t> driven_ns{0};
  std::atomic<uint64_t> unrecorded{0};  // operations that found all slots in use by running ones
};

struct alignas(64) FlightChannel {
  std::atomic<uint32_t> in_use{0};
  std::atomic<uint32_t> channel{0};
  std::atomic<int32_t> rank{0};  // in the communicator
  std::atomic<int32_t> size{0};
  std::atomic<int32_t> outcome{0};     // not 0: the communicator has failed
  std::atomic<uint64_t> entered{0};    // collectives called
  std::atomic<uint64_t> completed{0};  // collectives that ended well
};

struct alignas(64) FlightOperation {
  std::atomic<uint64_t> ordinal{0};    // 1, 2, ... in this process; 0: the slot is empty, or being written
  std::atomic<uint64_t> signature{0};  // see lib/comm/call.h
  std::atomic<uint64_t> sequence{0};
  std::atomic<uint32_t> channel{0};
  std::atomic<uint32_t> message{0};  // of send and recv: the tag with the top bit set
  std::atomic<uint64_t> bytes{0};    // of this rank's block, or of the vector: count times size of an element
  std::atomic<int64_t> started_ns{0};
  std::atomic<int64_t> ended_ns{0};
  std::atomic<uint64_t> progress{0};  // see FlightProgress
};

// 16 bits outcome, 24 bits steps done, 24 bits steps in all; larger counts are cut.
struct FlightProgress {
  static constexpr uint32_t kMaxSteps = (1u << 24) - 1;

  int32_t outcome = 0;
  uint32_t steps_done = 0;
  uint32_t steps = 0;

  static constexpr uint64_t Pack(int32_t outcome, uint64_t done, uint64_t steps) {
    const uint64_t max = kMaxSteps;
    return (static_cast<uint64_t>(static_cast<uint16_t>(outcome)) << 48) | ((done < max ? done : max) << 24) |
           (steps < max ? steps : max);
  }
  static constexpr FlightProgress Unpack(uint64_t word) {
    return {static_cast<int32_t>(word >> 48), static_cast<uint32_t>(word >> 24) & kMaxSteps,
            static_cast<uint32_t>(word) & kMaxSteps};
  }
  static constexpr bool IsRunning(uint64_t word) { return word >> 48 == kFlightRunning; }
};

struct alignas(64) FlightWait {
  std::atomic<uint64_t> ordinal{0};
  std::atomic<uint64_t> posted{0};   // sends and receives begun so far, and in the lower half the latest one's step
  std::atomic<uint64_t> waits{0};    // 32 bits step, 8 bits FlightWaitKind, 24 bits job rank + 1 (0: none)
  std::atomic<uint64_t> bytes{0};    // of that step
  std::atomic<int64_t> since_ns{0};  // it is known to wait for that
  std::atomic<int64_t> last_arrival_ns{0};
  std::atomic<int32_t> last_arrival{-1};  // the latest rank to enter it that was heard of, as job rank
};

struct FlightFile {
  FlightHeader header;
  std::array<FlightChannel, kFlightChannels> channels;
  std::array<FlightOperation, kFlightOperations> operations;
  std::array<FlightWait, kFlightOperations> waits;  // by the operation's slot
};

static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);
static_assert(sizeof(FlightHeader) == 4096 && sizeof(FlightChannel) == 64 && sizeof(FlightOperation) == 64 &&
              sizeof(FlightWait) == 64);
static_assert(sizeof(FlightFile) == 4096 + 64 * (kFlightChannels + 2 * kFlightOperations) &&
              alignof(FlightFile) == 4096);

}  // namespace tutti

#endif  // TUTTI_LIB_RECORDER_FLIGHT_LAYOUT_H_
