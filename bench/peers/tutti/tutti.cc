// SPDX-License-Identifier: Apache-2.0
// tutti, through its C API, started by tutti-run. How it runs is left to its TUTTI_* variables.
#include "tutti/tutti.h"

#include <stdexcept>

#include "bench/peers/loop/library.h"

namespace tutti::peers {
namespace {

void Check(tutti_status_t status) {
  if (status != TUTTI_OK) throw std::runtime_error(tutti_last_error());
}

class Tutti : public Library {
 public:
  explicit Tutti(bool allocates) : allocates_(allocates) {
    Check(tutti_comm_create(nullptr, &comm_));
    Check(tutti_comm_rank(comm_, &rank_));
    Check(tutti_comm_size(comm_, &ranks_));
  }
  ~Tutti() override { tutti_comm_destroy(comm_); }

  int rank() const override { return rank_; }
  int ranks() const override { return ranks_; }
  std::string version() const override { return std::string("tutti ") + tutti_version(); }

  float* Allocate(size_t bytes) override {
    if (!allocates_) return Library::Allocate(bytes);
    void* memory = nullptr;
    tutti_mem_t handle = nullptr;  // kept until the process ends
    Check(tutti_mem_alloc(comm_, bytes, &memory, &handle));
    return static_cast<float*>(memory);
  }

  void AllReduce(float* send, float* recv, size_t count) override {
    Check(tutti_all_reduce(comm_, send, recv, count, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr));
  }

 private:
  const bool allocates_;
  tutti_comm_t comm_ = nullptr;
  int rank_ = 0;
  int ranks_ = 0;
};

}  // namespace

std::unique_ptr<Library> StartLibrary(const Place& place, const std::string& variant) {
  if (!variant.empty() && variant != "alloc") throw std::runtime_error("tutti has no variant \"" + variant + "\"");
  return std::make_unique<Tutti>(variant == "alloc");
}

}  // namespace tutti::peers
