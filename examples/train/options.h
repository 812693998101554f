// SPDX-License-Identifier: Apache-2.0
// The command line of 04_train_digits.
#ifndef TUTTI_EXAMPLES_TRAIN_OPTIONS_H_
#define TUTTI_EXAMPLES_TRAIN_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

struct TrainOptions {
  std::string data;          // the path of digits.csv.gz
  uint64_t seed = 20;        // of the split, the first weights and the order of images
  std::string codec;         // not empty: gradients travel by way of this codec; see tutti/compression.h
  size_t powersgd_rank = 0;  // more than 0: gradients go through PowerSGD with factors of this rank
  float learning_rate = 0.1f;
  float momentum = 0.9f;        // of the optimizer; 0 where a codec has its own ("topk+momentum")
  bool error_feedback = false;  // what compression loses is added to the next step's gradient
};

// Throws std::runtime_error with a sentence.
TrainOptions ParseTrainOptions(int argc, char** argv, const char* default_data);

#endif  // TUTTI_EXAMPLES_TRAIN_OPTIONS_H_
