// SPDX-License-Identifier: Apache-2.0
// Finds out why an operation does not finish, by asking the other ranks over the control plane: who has not called it, who
// called something else, whose process does not answer. It has a thread of its own, started when it is first needed, so
// that the engine goes on while answers are awaited.
#ifndef TUTTI_LIB_COMM_DIAGNOSTICIAN_H_
#define TUTTI_LIB_COMM_DIAGNOSTICIAN_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lib/bootstrap/control_plane.h"

namespace tutti {

// What is known here of an operation that does not finish.
struct StalledOperation {
  uint32_t channel = 0;
  bool is_message = false;
  uint64_t sequence = 0;
  uint64_t signature = 0;
  std::string name;                // "all_reduce(float32 x 1024, sum, ring), operation 17 of communicator 0"
  std::string waits;               // "step 3 of 12: receive 512 bytes from rank 3; ..."
  std::vector<int32_t> waits_for;  // job ranks
  std::vector<int32_t> senders;    // those of them whose bytes are to come
  std::vector<int32_t> members;    // job ranks of the communicator, this one too
  int64_t running_ns = 0;
  bool goes_on = false;  // its deadline has not passed yet
};

struct Diagnosis {
  bool is_mismatch = false;  // otherwise a deadline that passed, or nothing yet
  int32_t culprit = -1;
  std::string sentence;
};

// What a sentence can say beyond the answers. Called on the diagnostician's thread.
struct Knowledge {
  // "rank 3 (host nodeA, pid 4711)"
  std::function<std::string(int32_t)> name_of;
  // What was called as that operation of the channel: "all_reduce(...)"; "" if nobody here remembers.
  std::function<std::string(uint32_t channel, uint64_t sequence)> call_of = nullptr;
  // What the flight record of a rank that does not answer says, if it is on this host and keeps one.
  std::function<std::optional<Activity>(int32_t rank, uint32_t channel)> record_of = nullptr;
};

// The verdict, as a pure function of the answers.
Diagnosis JudgeAnswers(const StalledOperation& operation, int32_t self, const std::vector<Activity>& answers,
                       const Knowledge& knowledge);

class Diagnostician {
 public:
  using Verdict = std::function<void(const StalledOperation&, const Diagnosis&)>;

  // `mismatch_found` and `deadline_judged` are called on the diagnostician's thread.
  Diagnostician(ControlPlane& control_plane, Knowledge knowledge, Verdict mismatch_found, Verdict deadline_judged);
  ~Diagnostician();  // stops after the question under way, at most kDeadlineAnswerNs

  // Asks those it waits for what they called; speaks only if that differs. Does not block.
  void ExamineStall(StalledOperation operation);
  // Asks all members, or those it waits for if there are many, and writes what they say to the log. Does not block.
  void ExamineLateness(StalledOperation operation);
  // Asks all members, and always ends in a verdict. Does not block.
  void ExamineDeadline(StalledOperation operation);

  static constexpr int64_t kStallAnswerNs = 300'000'000;
  static constexpr int64_t kDeadlineAnswerNs = 500'000'000;

 private:
  struct Task {
    enum class Kind : uint8_t { kStall, kLateness, kDeadline } kind;
    StalledOperation operation;
  };
  void Enqueue(Task task);
  void Run();
  void Examine(const Task& task);

  ControlPlane& control_plane_;
  const Knowledge knowledge_;
  const Verdict mismatch_found_;
  const Verdict deadline_judged_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_DIAGNOSTICIAN_H_
