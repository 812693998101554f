// SPDX-License-Identifier: Apache-2.0
//
// New here: data-parallel training, in C++. Every rank holds the whole model and computes the gradient of its part of each
// batch; one all-reduce sums the gradients, and all ranks take the same step. Ends with a test that they hold the same bits.
//
//   tutti-run -n 4 -- 04_train_digits [digits.csv.gz]
//   tutti-run -n 4 -- 04_train_digits --codec int8
//   tutti-run -n 4 -- 04_train_digits --powersgd 2 --error-feedback --seed 1
//   tutti-run -n 4 -- 04_train_digits --codec topk+momentum --momentum 0
#include <tutti/tutti.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <numeric>
#include <vector>

#include "train/digits.h"
#include "train/gradient_sum.h"
#include "train/mlp.h"
#include "train/options.h"

namespace {

constexpr int kEpochs = 30;
constexpr size_t kBatch = 64;  // over all ranks: the same model comes out however many ranks share it
constexpr double kWantedAccuracy = 0.95;
constexpr size_t kTestEvery = 10;  // steps, until the wanted accuracy is reached for the first time

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

double TestAccuracy(const std::vector<Image>& images, const Mlp& model, tutti::Comm* comm) {
  const Part mine(images.size(), *comm);
  std::array<int64_t, 1> right = {0};
  for (size_t i = mine.begin; i < mine.end; ++i) right[0] += model.Classify(images[i]) == images[i].digit;
  comm->AllReduce(right, TUTTI_SUM);
  return static_cast<double>(right[0]) / static_cast<double>(images.size());
}

// When the test accuracy was what we want for the first time.
class Milestone {
 public:
  void AfterStep(size_t step, const std::vector<Image>& test, const Mlp& model, tutti::Comm* comm) {
    if (step_ == 0 && step % kTestEvery == 0 && TestAccuracy(test, model, comm) >= kWantedAccuracy) step_ = step;
  }
  size_t step() const { return step_; }  // 0: not yet

 private:
  size_t step_ = 0;
};

// One pass over the training set in a new order. Returns the mean loss.
double TrainEpoch(const Digits& digits, const TrainOptions& options, Random* random, Mlp* model, tutti::Comm* comm,
                  GradientSum* sum, Times* times, Milestone* milestone) {
  const std::vector<Image>& images = digits.training;
  std::vector<size_t> order(images.size());
  std::iota(order.begin(), order.end(), size_t{0});
  random->Shuffle(&order);  // the same on all ranks

  std::vector<float> gradient(Mlp::kWeights);
  std::array<double, 1> loss = {0};
  for (size_t first = 0; first < order.size(); first += kBatch) {
    const double start = Now();
    const size_t batch = std::min(kBatch, order.size() - first);
    const Part mine(batch, *comm);
    std::fill(gradient.begin(), gradient.end(), 0.0f);
    for (size_t i = mine.begin; i < mine.end; ++i) {
      loss[0] += model->AddGradient(images[order[first + i]], gradient.data());
    }

    // The sum over ranks, divided by the whole batch: right however unevenly the batch is shared.
    const double before = Now();
    sum->Sum(comm, &gradient);
    times->communication += Now() - before;

    for (float& g : gradient) g /= static_cast<float>(batch);
    model->Step(gradient.data(), options.learning_rate, options.momentum);
    times->steps.push_back(Now() - start);
    milestone->AfterStep(times->steps.size(), digits.test, *model, comm);
  }
  comm->AllReduce(loss, TUTTI_SUM);
  return loss[0] / static_cast<double>(images.size());
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

int Train(const TrainOptions& options) {
  tutti::Comm comm;
  const bool talks = comm.rank() == 0;
  const Digits digits = ReadDigits(options.data, options.seed);
  Mlp model(options.seed);
  const std::unique_ptr<GradientSum> sum = MakeGradientSum(options);
  comm.Broadcast(model.weights(), 0);  // all start from rank 0's weights
  if (talks) {
    std::printf(
        "%zu training and %zu test images, batches of %zu over %d ranks, %zu weights\n"
        "gradients travel %s\n",
        digits.training.size(), digits.test.size(), kBatch, comm.size(), Mlp::kWeights, sum->Description().c_str());
  }

  Random random(options.seed + 1);
  Times times;
  Milestone milestone;
  double accuracy = 0;
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    const double loss = TrainEpoch(digits, options, &random, &model, &comm, sum.get(), &times, &milestone);
    accuracy = TestAccuracy(digits.test, model, &comm);
    if (talks && epoch % 5 == 0) {
      std::printf("epoch %2d: loss %.4f, test accuracy %.2f %%\n", epoch, loss, 100 * accuracy);
      std::fflush(stdout);
    }
  }
  PrintTimes(times, &comm);
  const uint64_t codes = sum->CodesSent(comm);
  if (talks && codes > 0)
    std::printf("rank 0 sent %.0f bytes of codes in each step\n",
                static_cast<double>(codes) / static_cast<double>(times.steps.size()));

  const uint64_t hash = Hash(model.weights());
  const bool same = AllRanksHold(hash, &comm);
  const bool good = accuracy >= kWantedAccuracy;
  if (talks) {
    if (milestone.step() > 0) {
      std::printf("%.0f %% of test images right after %zu steps\n", 100 * kWantedAccuracy, milestone.step());
    }
    std::printf("weights: hash %016" PRIx64 ", %s\n", hash,
                same ? "the same on all ranks" : "NOT THE SAME ON ALL RANKS");
    if (!good) std::printf("test accuracy %.2f %% is below %.0f %%\n", 100 * accuracy, 100 * kWantedAccuracy);
  }
  std::fflush(stdout);
  comm.Barrier();  // a rank that ends with a failure ends the others, and rank 0 has something to say first
  return same && good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Train(ParseTrainOptions(argc, argv, TUTTI_EXAMPLES_DATA "/digits.csv.gz"));
  } catch (const std::exception& error) {  // tutti::Error is one
    std::fprintf(stderr, "04_train_digits: %s\n", error.what());
    return 1;
  }
}
