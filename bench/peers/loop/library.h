// SPDX-License-Identifier: Apache-2.0
// What the measuring loop needs of a library, fulfilled once per library by a file of its own. Knows nothing of timing.
#ifndef TUTTI_BENCH_PEERS_LOOP_LIBRARY_H_
#define TUTTI_BENCH_PEERS_LOOP_LIBRARY_H_

#include <cstddef>
#include <memory>
#include <string>

namespace tutti::peers {

// How a program is told its place; libraries whose own launcher tells them (MPI, tutti) ignore these.
struct Place {
  int rank = -1;
  int ranks = 0;
  std::string meeting_folder;  // private to this run, exists
};

// One rank's side of a library that has started. Failures throw: the program says why and ends.
class Library {
 public:
  virtual ~Library() = default;

  virtual int rank() const = 0;
  virtual int ranks() const = 0;
  virtual std::string version() const = 0;

  // False: the algorithm reduces in place, and AllReduce will be given the same buffer twice.
  virtual bool out_of_place() const { return true; }

  // A buffer that lives as long as the program, on a page boundary. Here: ordinary memory, as malloc gives it.
  // A library that brings memory of its own overrides this.
  virtual float* Allocate(size_t bytes);

  // Before the first AllReduce with these arguments; not timed.
  virtual void Prepare(float* send, float* recv, size_t count) {}

  // recv[i] = sum over all ranks of send[i]; returns when recv holds it and send may be overwritten.
  virtual void AllReduce(float* send, float* recv, size_t count) = 0;
};

// Joins the job; called once, on the thread that will call everything else. `variant` is one of the library's own
// names for its ways to run; "" is the default.
std::unique_ptr<Library> StartLibrary(const Place& place, const std::string& variant);

}  // namespace tutti::peers

#endif  // TUTTI_BENCH_PEERS_LOOP_LIBRARY_H_
