// SPDX-License-Identifier: Apache-2.0
#include "train/mlp.h"

#include <algorithm>
#include <cmath>

namespace {

constexpr size_t kSecondLayer = (kPixels + 1) * Mlp::kHidden;  // where its weights begin

// inputs . weights[0 .. size) + bias, which follows the weights.
template <size_t size>
float Affine(const std::array<float, size>& inputs, const float* weights) {
  float sum = weights[size];
  for (size_t i = 0; i < size; ++i) sum += inputs[i] * weights[i];
  return sum;
}

template <size_t size>
void AddOuter(const std::array<float, size>& inputs, float delta, float* gradient) {
  for (size_t i = 0; i < size; ++i) gradient[i] += delta * inputs[i];
  gradient[size] += delta;
}

}  // namespace

Mlp::Mlp(uint64_t seed) : weights_(kWeights, 0.0f), velocity_(kWeights, 0.0f) {
  Random random(seed);
  const auto fill = [&](float* weights, int units, int inputs) {
    const float bound = std::sqrt(6.0f / static_cast<float>(inputs));  // He's initialisation; biases stay 0
    for (int unit = 0; unit < units; ++unit, weights += inputs + 1) {
      std::generate(weights, weights + inputs, [&] { return (2 * random.Uniform() - 1) * bound; });
    }
  };
  fill(weights_.data(), kHidden, kPixels);
  fill(weights_.data() + kSecondLayer, kDigits, kHidden);
}

Mlp::Activations Mlp::Forward(const Image& image) const {
  Activations a;
  const float* weights = weights_.data();
  for (float& unit : a.hidden) {
    unit = std::max(0.0f, Affine(image.pixels, weights));
    weights += kPixels + 1;
  }
  for (float& unit : a.output) {
    unit = Affine(a.hidden, weights);
    weights += kHidden + 1;
  }
  return a;
}

float Mlp::AddGradient(const Image& image, float* gradient) const {
  const Activations a = Forward(image);
  const float largest = *std::max_element(a.output.begin(), a.output.end());
  float sum = 0;
  for (const float output : a.output) sum += std::exp(output - largest);

  std::array<float, kHidden> back{};
  for (int digit = 0; digit < kDigits; ++digit) {
    const float probability = std::exp(a.output[static_cast<size_t>(digit)] - largest) / sum;
    const float delta = probability - (digit == image.digit ? 1.0f : 0.0f);
    const size_t row = kSecondLayer + static_cast<size_t>(digit) * (kHidden + 1);
    AddOuter(a.hidden, delta, gradient + row);
    for (size_t unit = 0; unit < kHidden; ++unit) back[unit] += delta * weights_[row + unit];
  }
  for (size_t unit = 0; unit < kHidden; ++unit) {
    if (a.hidden[unit] > 0) AddOuter(image.pixels, back[unit], gradient + unit * (kPixels + 1));
  }
  return std::log(sum) + largest - a.output[static_cast<size_t>(image.digit)];
}

void Mlp::Step(const float* gradient, float learning_rate, float momentum) {
  for (size_t i = 0; i < kWeights; ++i) {
    velocity_[i] = momentum * velocity_[i] - learning_rate * gradient[i];
    weights_[i] += velocity_[i];
  }
}

int Mlp::Classify(const Image& image) const {
  const Activations a = Forward(image);
  return static_cast<int>(std::max_element(a.output.begin(), a.output.end()) - a.output.begin());
}
