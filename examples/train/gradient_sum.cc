// SPDX-License-Identifier: Apache-2.0
#include "train/gradient_sum.h"

#include "train/mlp.h"

namespace {

class PlainSum final : public GradientSum {
 public:
  void Sum(tutti::Comm* comm, std::vector<float>* gradient) override { comm->AllReduce(*gradient, TUTTI_SUM); }
  std::string Description() const override { return "as " + std::to_string(Mlp::kWeights * sizeof(float)) + " bytes"; }
};

// All weights are one tensor. Rounding, and what error feedback remembers, go by its key and by the step.
class CodecSum final : public GradientSum {
 public:
  explicit CodecSum(const TrainOptions& options)
      : codec_(options.codec + (options.error_feedback ? "+error_feedback" : "")) {}

  void Sum(tutti::Comm* comm, std::vector<float>* gradient) override {
    tutti::Options options;
    options.codec = codec_.c_str();
    options.tensor = 1;
    options.step = ++step_;
    comm->AllReduce(*gradient, TUTTI_SUM, options);
  }
  uint64_t CodesSent(const tutti::Comm& comm) const override {
    tutti_codec_totals_t totals = TUTTI_CODEC_TOTALS_INIT;
    tutti::Check(tutti_telemetry_codec(comm.handle(), codec_.c_str(), &totals));
    return totals.sent_bytes;
  }
  std::string Description() const override { return "by codec " + codec_; }

 private:
  std::string codec_;
  uint64_t step_ = 0;
};

// Each layer's weights are a matrix, and have factors of their own.
class PowerSgdSum final : public GradientSum {
 public:
  explicit PowerSgdSum(const TrainOptions& options) {
    for (const Mlp::Layer& layer : Mlp::kLayers) {
      tutti_powersgd_config_t config = TUTTI_POWERSGD_CONFIG_INIT;
      config.rows = layer.units;
      config.cols = layer.weights_per_unit;
      config.rank = options.powersgd_rank;
      config.error_feedback = options.error_feedback;
      config.seed = options.seed;
      matrices_.emplace_back(config);
    }
  }

  void Sum(tutti::Comm* comm, std::vector<float>* gradient) override {
    size_t first = 0;
    for (size_t i = 0; i < matrices_.size(); ++i) {
      const size_t count = Mlp::kLayers[i].units * Mlp::kLayers[i].weights_per_unit;
      const tutti::Span<float> matrix(gradient->data() + first, count);
      matrices_[i].AllReduce(*comm, tutti::Span<const float>(matrix.data(), count), matrix, TUTTI_SUM);
      first += count;
    }
  }

  std::string Description() const override {
    size_t values = 0;
    for (const tutti::PowerSgd& matrix : matrices_) values += matrix.wire_values();
    return "as factors of " + std::to_string(values * sizeof(float)) + " bytes";
  }

 private:
  std::vector<tutti::PowerSgd> matrices_;
};

}  // namespace

std::unique_ptr<GradientSum> MakeGradientSum(const TrainOptions& options) {
  if (!options.codec.empty()) return std::make_unique<CodecSum>(options);
  if (options.powersgd_rank > 0) return std::make_unique<PowerSgdSum>(options);
  return std::make_unique<PlainSum>();
}
