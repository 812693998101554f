// SPDX-License-Identifier: Apache-2.0
//
// New here: data-parallel training, in C++. Every rank holds the whole model and computes the gradient of its part of each
// batch; one all-reduce sums the gradients, and all ranks take the same step. Ends with a test that they hold the same bits.
//
//   tutti-run -n 4 -- 04_train_digits [digits.csv.gz]
#include <tutti/tutti.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <exception>
#include <numeric>
#include <vector>

#include "train/digits.h"
#include "train/mlp.h"

namespace {

constexpr uint64_t kSeed = 20;
constexpr int kEpochs = 30;
constexpr size_t kBatch = 64;  // over all ranks: the same model comes out however many ranks share it
constexpr float kLearningRate = 0.1f;
constexpr float kMomentum = 0.9f;
constexpr double kWantedAccuracy = 0.95;

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The part of [0, total) that belongs to this rank. Parts differ by one at most, and may be empty.
struct Part {
  size_t begin, end;
  Part(size_t total, const tutti::Comm& comm)
      : begin(total * static_cast<size_t>(comm.rank()) / static_cast<size_t>(comm.size())),
        end(total * static_cast<size_t>(comm.rank() + 1) / static_cast<size_t>(comm.size())) {}
};

struct Times {
  std::vector<double> steps;  // seconds
  double communication = 0;
};

// One pass over the training set in a new order. Returns the mean loss.
double TrainEpoch(const std::vector<Image>& images, Random* random, Mlp* model, tutti::Comm* comm, Times* times) {
  std::vector<size_t> order(images.size());
  std::iota(order.begin(), order.end(), size_t{0});
  random->Shuffle(&order);  // the same on all ranks

  std::vector<float> gradient(Mlp::kWeights + 1);  // and, in the last place, the loss: it travels along
  double loss = 0;
  for (size_t first = 0; first < order.size(); first += kBatch) {
    const double start = Now();
    const size_t batch = std::min(kBatch, order.size() - first);
    const Part mine(batch, *comm);
    std::fill(gradient.begin(), gradient.end(), 0.0f);
    for (size_t i = mine.begin; i < mine.end; ++i) {
      gradient.back() += model->AddGradient(images[order[first + i]], gradient.data());
    }

    // The sum over ranks, divided by the whole batch: right however unevenly the batch is shared.
    const double before = Now();
    comm->AllReduce(gradient, TUTTI_SUM);
    times->communication += Now() - before;

    loss += gradient.back();
    for (float& g : gradient) g /= static_cast<float>(batch);
    model->Step(gradient.data(), kLearningRate, kMomentum);
    times->steps.push_back(Now() - start);
  }
  return loss / static_cast<double>(images.size());
}

double TestAccuracy(const std::vector<Image>& images, const Mlp& model, tutti::Comm* comm) {
  const Part mine(images.size(), *comm);
  std::array<int64_t, 1> right = {0};
  for (size_t i = mine.begin; i < mine.end; ++i) right[0] += model.Classify(images[i]) == images[i].digit;
  comm->AllReduce(right, TUTTI_SUM);
  return static_cast<double>(right[0]) / static_cast<double>(images.size());
}

// FNV-1a over the bits of the weights.
uint64_t Hash(const std::vector<float>& weights) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const float weight : weights) {
    uint32_t bits;
    std::memcpy(&bits, &weight, sizeof(bits));
    for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ ((bits >> shift) & 255)) * 0x100000001b3;
  }
  return hash;
}

bool AllRanksHold(uint64_t hash, tutti::Comm* comm) {
  std::array<uint64_t, 1> smallest = {hash}, largest = {hash};
  comm->AllReduce(smallest, TUTTI_MIN);
  comm->AllReduce(largest, TUTTI_MAX);
  return smallest == largest;
}

void PrintTimes(Times times, tutti::Comm* comm) {
  double share = times.communication / std::accumulate(times.steps.begin(), times.steps.end(), 0.0);
  comm->AllReduce(tutti::Span<double>(&share, 1), TUTTI_AVG);
  if (comm->rank() != 0) return;
  std::sort(times.steps.begin(), times.steps.end());
  const auto percentile = [&](size_t p) { return 1e6 * times.steps[(times.steps.size() - 1) * p / 100]; };
  std::printf("step time on rank 0: p50 %.1f us, p99 %.1f us; in communication: %.1f %% (mean over ranks)\n",
              percentile(50), percentile(99), 100 * share);
}

int Train(const char* path) {
  tutti::Comm comm;
  const bool talks = comm.rank() == 0;
  const Digits digits = ReadDigits(path, kSeed);
  Mlp model(kSeed);
  comm.Broadcast(model.weights(), 0);  // all start from rank 0's weights
  if (talks) {
    std::printf("%zu training and %zu test images, batches of %zu over %d ranks, %zu weights\n", digits.training.size(),
                digits.test.size(), kBatch, comm.size(), Mlp::kWeights);
  }

  Random random(kSeed + 1);
  Times times;
  double accuracy = 0;
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    const double loss = TrainEpoch(digits.training, &random, &model, &comm, &times);
    accuracy = TestAccuracy(digits.test, model, &comm);
    if (talks && epoch % 5 == 0) {
      std::printf("epoch %2d: loss %.4f, test accuracy %.2f %%\n", epoch, loss, 100 * accuracy);
      std::fflush(stdout);
    }
  }
  PrintTimes(times, &comm);

  const uint64_t hash = Hash(model.weights());
  const bool same = AllRanksHold(hash, &comm);
  const bool good = accuracy >= kWantedAccuracy;
  if (talks) {
    std::printf("weights: hash %016" PRIx64 ", %s\n", hash,
                same ? "the same on all ranks" : "NOT THE SAME ON ALL RANKS");
    if (!good) std::printf("test accuracy %.2f %% is below %.0f %%\n", 100 * accuracy, 100 * kWantedAccuracy);
  }
  return same && good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Train(argc > 1 ? argv[1] : TUTTI_EXAMPLES_DATA "/digits.csv.gz");
  } catch (const std::exception& error) {  // tutti::Error is one
    std::fprintf(stderr, "04_train_digits: %s\n", error.what());
    return 1;
  }
}
