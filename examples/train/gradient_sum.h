// SPDX-License-Identifier: Apache-2.0
// How all ranks' gradients become one sum: as they are, or compressed. On every rank the result has the same bits.
#ifndef TUTTI_EXAMPLES_TRAIN_GRADIENT_SUM_H_
#define TUTTI_EXAMPLES_TRAIN_GRADIENT_SUM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <tutti/tutti.hpp>
#include <vector>

#include "train/options.h"

class GradientSum {
 public:
  virtual ~GradientSum() = default;

  // gradient: Mlp::kWeights values, replaced by the sum over ranks, or nearly so.
  virtual void Sum(tutti::Comm* comm, std::vector<float>* gradient) = 0;

  // Bytes that this rank has sent as codes, in all; 0 if nothing was encoded.
  virtual uint64_t CodesSent(const tutti::Comm&) const { return 0; }

  // How gradients travel, for people: "as 14440 bytes".
  virtual std::string Description() const = 0;
};

std::unique_ptr<GradientSum> MakeGradientSum(const TrainOptions& options);

#endif  // TUTTI_EXAMPLES_TRAIN_GRADIENT_SUM_H_
