// SPDX-License-Identifier: Apache-2.0
// Any MPI library: compiled once against each. How it runs is left to its launcher's options and variables. Errors end
// the job: that is MPI's own default.
#define OMPI_SKIP_MPICXX 1  // the C API only: no C++ bindings of their own
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <stdexcept>

#include "bench/peers/loop/library.h"

namespace tutti::peers {
namespace {

class Mpi : public Library {
 public:
  Mpi() {
    MPI_Init(nullptr, nullptr);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks_);
  }
  ~Mpi() override { MPI_Finalize(); }

  int rank() const override { return rank_; }
  int ranks() const override { return ranks_; }

  std::string version() const override {
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    MPI_Get_library_version(text, &length);
    const std::string all(text, static_cast<size_t>(length));
    return all.substr(0, all.find('\n'));
  }

  void AllReduce(float* send, float* recv, size_t count) override {
    MPI_Allreduce(send, recv, static_cast<int>(count), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  }

 private:
  int rank_ = 0;
  int ranks_ = 0;
};

}  // namespace

std::unique_ptr<Library> StartLibrary(const Place& place, const std::string& variant) {
  if (!variant.empty()) throw std::runtime_error("MPI has no variant \"" + variant + "\"");
  return std::make_unique<Mpi>();
}

}  // namespace tutti::peers
