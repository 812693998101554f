// SPDX-License-Identifier: Apache-2.0
// What the tests of the TCP control plane share: settings for a job on loopback, a listener that remembers, ranks as
// threads.
#ifndef TUTTI_TESTS_UNIT_BOOTSTRAP_TEST_JOB_H_
#define TUTTI_TESTS_UNIT_BOOTSTRAP_TEST_JOB_H_

#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/clock.h"
#include "lib/bootstrap/tcp_control_plane.h"

namespace tutti {

// A folder of its own, removed with what is in it.
class ScratchFolder {
 public:
  ScratchFolder() {
    char path[] = "/tmp/tutti-test-XXXXXX";
    path_ = mkdtemp(path) != nullptr ? path : "";
  }
  ~ScratchFolder() {
    const std::string command = "rm -rf '" + path_ + "'";
    if (!path_.empty() && system(command.c_str()) != 0) path_.clear();
  }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline JobSettings FileJob(const ScratchFolder& folder, int rank, int size) {
  JobSettings settings;
  settings.rank = rank;
  settings.size = size;
  settings.local_rank = rank;
  settings.local_size = size;
  settings.rendezvous_kind = RendezvousKind::kFile;
  settings.rendezvous = "file://" + folder.File("rendezvous");
  settings.timeout_ns = 20 * kNsPerSecond;
  return settings;
}

class RecordingListener : public ControlPlaneListener {
 public:
  void OnFailure(const FailureReport& report) override {
    std::lock_guard<std::mutex> lock(mutex_);
    reports_.push_back(report);
    changed_.notify_all();
  }

  Activity OnActivityQuestion(uint32_t channel, uint64_t sequence) override {
    Activity activity;
    activity.entered = channel;
    activity.completed = sequence;
    activity.signature = 77;
    activity.description = "waits";
    return activity;
  }

  struct Reading {
    int64_t asked_ns, service_ns, heard_ns;
  };
  void OnServiceClock(int64_t asked_ns, int64_t service_ns, int64_t heard_ns) override {
    std::lock_guard<std::mutex> lock(mutex_);
    readings_.push_back({asked_ns, service_ns, heard_ns});
    changed_.notify_all();
  }
  std::vector<Reading> WaitForClock(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return readings_.size() >= count; });
    return readings_;
  }

  // The reports once there are `count`, or what came within ten seconds.
  std::vector<FailureReport> WaitFor(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return reports_.size() >= count; });
    return reports_;
  }

  std::vector<FailureReport> reports() { return WaitFor(0); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<FailureReport> reports_;
  std::vector<Reading> readings_;
};

// Runs body(rank) on a thread for each rank.
inline void OnEachRank(int size, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) threads.emplace_back(body, rank);
  for (std::thread& thread : threads) thread.join();
}

// A job whose ranks have all joined, held by one thread. ok() says whether that worked.
class JoinedJob {
 public:
  explicit JoinedJob(int size) : listeners(static_cast<size_t>(size)), planes(static_cast<size_t>(size)) {
    OnEachRank(size, [&](int rank) {
      auto plane = TcpControlPlane::Connect(FileJob(folder, rank, size), &listeners[static_cast<size_t>(rank)]);
      if (!plane.ok()) return;
      PeerCard card = (*plane)->self();
      card.address = "address " + std::to_string(rank);
      if (!(*plane)->Join(card).ok()) return;
      planes[static_cast<size_t>(rank)] = *std::move(plane);
      ++joined;
    });
  }
  bool ok() const { return joined == static_cast<int>(planes.size()); }

  ScratchFolder folder;
  std::vector<RecordingListener> listeners;
  std::vector<std::unique_ptr<TcpControlPlane>> planes;
  std::atomic<int> joined{0};
};

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_BOOTSTRAP_TEST_JOB_H_
