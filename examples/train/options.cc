// SPDX-License-Identifier: Apache-2.0
#include "train/options.h"

#include <charconv>
#include <cstring>
#include <stdexcept>

namespace {

constexpr const char* kUsage =
    "usage: 04_train_digits [--seed N] [--codec SPEC | --powersgd RANK] [--error-feedback] [--momentum M] "
    "[--learning-rate R] "
    "[digits.csv.gz]";

uint64_t ParseNumber(const std::string& option, const char* text) {
  uint64_t number = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  if (error != std::errc() || stop != end) {
    throw std::runtime_error(option + " \"" + text + "\" is not a number from 0 on; " + kUsage);
  }
  return number;
}

// From `least` on, below `limit`.
float ParseReal(const std::string& option, const char* text, float least, float limit) {
  float number = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  if (error != std::errc() || stop != end || !(number >= least && number < limit)) {
    throw std::runtime_error(option + " \"" + text + "\" is not a number from " + std::to_string(least) +
                             " on, below " + std::to_string(limit) + "; " + kUsage);
  }
  return number;
}

}  // namespace

TrainOptions ParseTrainOptions(int argc, char** argv, const char* default_data) {
  TrainOptions options;
  options.data = default_data;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&] {
      if (i + 1 == argc) throw std::runtime_error(word + " needs a value; " + kUsage);
      return argv[++i];
    };
    if (word == "--seed") {
      options.seed = ParseNumber(word, value());
    } else if (word == "--codec") {
      options.codec = value();
    } else if (word == "--powersgd") {
      options.powersgd_rank = ParseNumber(word, value());
      if (options.powersgd_rank == 0)
        throw std::runtime_error(std::string("--powersgd 0: a rank is 1 or more; ") + kUsage);
    } else if (word == "--momentum") {
      options.momentum = ParseReal(word, value(), 0, 1);
    } else if (word == "--learning-rate") {
      options.learning_rate = ParseReal(word, value(), 0, 100);
    } else if (word == "--error-feedback") {
      options.error_feedback = true;
    } else if (word.rfind("--", 0) == 0) {
      throw std::runtime_error("there is no " + word + "; " + kUsage);
    } else {
      options.data = word;
    }
  }
  if (!options.codec.empty() && options.powersgd_rank > 0) {
    throw std::runtime_error(std::string("--codec and --powersgd are two ways of compression; ") + kUsage);
  }
  if (options.error_feedback && options.codec.empty() && options.powersgd_rank == 0) {
    throw std::runtime_error(std::string("--error-feedback has no meaning without compression; ") + kUsage);
  }
  return options;
}
