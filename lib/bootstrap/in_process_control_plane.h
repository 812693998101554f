// SPDX-License-Identifier: Apache-2.0
// A control plane for ranks that live in one process: objects driven by one thread, or threads. It has no thread, no
// clock and no socket of its own, so a test that drives it from one thread is deterministic. It never knows how ranks
// of different processes find each other.
//
// DELIVERY is synchronous: before Report, Kill or Leave returns, every listener has heard of it, on the calling
// thread, in order of rank. Exception: a call made from within a listener, or while another thread is delivering, is
// queued behind what is being delivered and heard of when its turn comes, on the delivering thread.
#ifndef TUTTI_LIB_BOOTSTRAP_IN_PROCESS_CONTROL_PLANE_H_
#define TUTTI_LIB_BOOTSTRAP_IN_PROCESS_CONTROL_PLANE_H_

#include <memory>
#include <vector>

#include "lib/bootstrap/control_plane.h"

namespace tutti {

// All functions may be called from any thread. Must outlive the use of its planes.
class InProcessJob {
 public:
  // Every rank begins alive, with the card {rank, "host0", "in-process", this process's pid, ""}.
  explicit InProcessJob(int size);
  ~InProcessJob();
  InProcessJob(const InProcessJob&) = delete;
  InProcessJob& operator=(const InProcessJob&) = delete;

  int size() const;

  // Owned by the job; its Leave is called at the latest by the job's destructor, without telling anyone.
  ControlPlane* plane(int rank);

  // The same as a separate object, for code that wants to own its control plane. Destroying it leaves the job. The job
  // must outlive it.
  std::unique_ptr<ControlPlane> NewPlane(int rank);

  // Borrowed until the rank leaves, is killed, or another listener (nullptr: none) is set. A rank without a listener
  // does not answer questions. Failures of before are not delivered again.
  void SetListener(int rank, ControlPlaneListener* listener);

  // What Lookup gives for card.rank.
  void SetCard(const PeerCard& card);

  // The rank's process "dies": all others get a kPeerDied report that names it; its own plane is dead from then on
  // (calls fail, its listener hears nothing more). A no-op for a rank that has left or is dead.
  void Kill(int rank);

  // A stopped process: keeps its place, but answers no question and hears nothing until it is thawed; what it missed is
  // delivered then.
  void Freeze(int rank);
  void Thaw(int rank);

 private:
  class State;
  class Plane;
  std::shared_ptr<State> state_;
  std::vector<std::unique_ptr<ControlPlane>> planes_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_IN_PROCESS_CONTROL_PLANE_H_
