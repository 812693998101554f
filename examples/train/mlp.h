// SPDX-License-Identifier: Apache-2.0
// A multilayer perceptron with one hidden layer (ReLU) and softmax cross-entropy, for images of digits. All weights lie in one
// array, and so do the gradients: one all-reduce moves them all. Knows nothing of ranks.
#ifndef TUTTI_EXAMPLES_TRAIN_MLP_H_
#define TUTTI_EXAMPLES_TRAIN_MLP_H_

#include <array>
#include <cstdint>
#include <vector>

#include "train/digits.h"

class Mlp {
 public:
  static constexpr int kHidden = 48;
  static constexpr size_t kWeights = (kPixels + 1) * kHidden + (kHidden + 1) * kDigits;

  // The weights are two matrices, one behind the other: a row for each unit, its bias in the last column.
  struct Layer {
    size_t units, weights_per_unit;
  };
  static constexpr std::array<Layer, 2> kLayers = {{{kHidden, kPixels + 1}, {kDigits, kHidden + 1}}};

  explicit Mlp(uint64_t seed);

  std::vector<float>& weights() { return weights_; }

  // Adds the gradient of the image's loss to gradient[0 .. kWeights); returns the loss.
  float AddGradient(const Image& image, float* gradient) const;

  // Stochastic gradient descent with momentum.
  void Step(const float* gradient, float learning_rate, float momentum);

  int Classify(const Image& image) const;

 private:
  struct Activations {
    std::array<float, kHidden> hidden;
    std::array<float, kDigits> output;  // before softmax
  };
  Activations Forward(const Image& image) const;

  std::vector<float> weights_;  // for each hidden unit: pixels, bias; then for each digit: hidden units, bias
  std::vector<float> velocity_;
};

#endif  // TUTTI_EXAMPLES_TRAIN_MLP_H_
