// Optimisers over the flat parameter vector, and learning-rate schedules over a budget in optimiser
// steps.
//   sgd:   PyTorch's convention: v <- momentum v + g; p <- p - lr (nesterov ? g + momentum v : v)
//   adam:  Kingma and Ba 2015, with bias correction; adamw: Loshchilov and Hutter 2019 (decoupled
//   decay).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "twostep/base/bytes.hpp"
#include "twostep/ports/mlp_layout.hpp"
#include "twostep/study/hyperparameters.hpp"

namespace twostep {

class Optimizer {
 public:
  Optimizer(const TrainingSettings& settings, const MlpLayout& layout);
  // One update with this learning rate. gradient is not changed.
  void step(std::span<float> parameters, std::span<const float> gradient, double learning_rate);
  void save(ByteWriter& writer) const;
  void load(ByteReader& reader);

 private:
  TrainingSettings settings_;
  std::vector<LayerLayout> layers_;
  std::vector<float> first_;   // momentum, or first moment
  std::vector<float> second_;  // second moment (adam, adamw)
  std::uint64_t steps_ = 0;
};

// Learning rate of optimiser step `step` (from 0) of `total`: linear warm-up, then constant or
// cosine to 0.
[[nodiscard]] double learning_rate_at(const TrainingSettings& settings, std::uint64_t step,
                                      std::uint64_t total);

}  // namespace twostep
