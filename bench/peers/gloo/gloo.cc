// SPDX-License-Identifier: Apache-2.0
// Gloo over its TCP transport on the loopback interface; the ranks meet in a folder.
//
// It has two generations of all_reduce. gloo::allreduce (what PyTorch calls) works out of place and is driven by a
// thread of its own that sleeps on epoll. The older algorithm classes work in place, and their connections can be
// switched to be driven, and polled, by the calling thread (setSync), as Gloo's own benchmark does with --sync
// --busy-poll.
#include <chrono>
#include <stdexcept>
#include <vector>

#include "bench/peers/loop/library.h"
#include "gloo/allreduce.h"
#include "gloo/allreduce_bcube.h"
#include "gloo/allreduce_halving_doubling.h"
#include "gloo/allreduce_ring.h"
#include "gloo/allreduce_ring_chunked.h"
#include "gloo/config.h"
#include "gloo/math.h"
#include "gloo/rendezvous/context.h"
#include "gloo/rendezvous/file_store.h"
#include "gloo/transport/tcp/device.h"

namespace tutti::peers {
namespace {

std::shared_ptr<gloo::rendezvous::Context> Connect(const Place& place) {
  gloo::transport::tcp::attr attributes;
  attributes.iface = "lo";
  std::shared_ptr<gloo::transport::Device> device = gloo::transport::tcp::CreateDevice(attributes);
  gloo::rendezvous::FileStore store(place.meeting_folder);
  auto context = std::make_shared<gloo::rendezvous::Context>(place.rank, place.ranks);
  context->connectFullMesh(store, device);
  return context;
}

class Gloo : public Library {
 public:
  explicit Gloo(const Place& place) : context_(Connect(place)) {}

  int rank() const override { return context_->rank; }
  int ranks() const override { return context_->size; }
  std::string version() const override {
    return "Gloo " + std::to_string(GLOO_VERSION_MAJOR) + "." + std::to_string(GLOO_VERSION_MINOR) + "." +
           std::to_string(GLOO_VERSION_PATCH);
  }

 protected:
  std::shared_ptr<gloo::rendezvous::Context> context_;
};

class NewGloo : public Gloo {
 public:
  using Algorithm = gloo::AllreduceOptions::Algorithm;

  NewGloo(const Place& place, Algorithm algorithm) : Gloo(place), algorithm_(algorithm) {}

  // The options, and with them the buffers' registration, serve for all calls.
  void Prepare(float* send, float* recv, size_t count) override {
    options_ = std::make_unique<gloo::AllreduceOptions>(context_);
    options_->setAlgorithm(algorithm_);
    options_->setInput(send, count);
    options_->setOutput(recv, count);
    options_->setReduceFunction([](void* out, const void* a, const void* b, size_t n) {
      gloo::sum<float>(static_cast<float*>(out), static_cast<const float*>(a), static_cast<const float*>(b), n);
    });
  }

  void AllReduce(float* send, float* recv, size_t count) override { gloo::allreduce(*options_); }

 private:
  const Algorithm algorithm_;
  std::unique_ptr<gloo::AllreduceOptions> options_;
};

template <template <typename> class Algorithm>
class OldGloo : public Gloo {
 public:
  OldGloo(const Place& place, bool busy_poll) : Gloo(place) {
    for (int peer = 0; busy_poll && peer < place.ranks; ++peer) {
      if (peer != place.rank) context_->getPair(peer)->setSync(true, true);
    }
  }

  bool out_of_place() const override { return false; }

  void Prepare(float* send, float* recv, size_t count) override {
    algorithm_.reset();
    algorithm_ = std::make_unique<Algorithm<float>>(context_, std::vector<float*>{send}, static_cast<int>(count));
  }

  void AllReduce(float* send, float* recv, size_t count) override { algorithm_->run(); }

 private:
  std::unique_ptr<gloo::Algorithm> algorithm_;
};

}  // namespace

std::unique_ptr<Library> StartLibrary(const Place& place, const std::string& variant) {
  if (variant == "ring") return std::make_unique<NewGloo>(place, gloo::AllreduceOptions::Algorithm::RING);
  if (variant == "bcube") return std::make_unique<NewGloo>(place, gloo::AllreduceOptions::Algorithm::BCUBE);
  const std::string poll = "-poll";
  const bool busy_poll = variant.size() > poll.size() && variant.substr(variant.size() - poll.size()) == poll;
  const std::string name = variant.substr(0, variant.size() - (busy_poll ? poll.size() : 0));
  if (name == "old-ring") return std::make_unique<OldGloo<gloo::AllreduceRing>>(place, busy_poll);
  if (name == "old-ring-chunked") return std::make_unique<OldGloo<gloo::AllreduceRingChunked>>(place, busy_poll);
  if (name == "old-bcube") return std::make_unique<OldGloo<gloo::AllreduceBcube>>(place, busy_poll);
  if (name == "halving-doubling") return std::make_unique<OldGloo<gloo::AllreduceHalvingDoubling>>(place, busy_poll);
  throw std::runtime_error("Gloo has no variant \"" + variant + "\"");
}

}  // namespace tutti::peers
