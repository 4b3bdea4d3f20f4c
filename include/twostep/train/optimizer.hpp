// Optimisers over the flat parameter vector.
//   sgd      PyTorch's convention: v <- momentum v + g; p <- p - lr (nesterov ? g + momentum v : v)
//   adam     Kingma and Ba 2015, with bias correction
//   adamw    Loshchilov and Hutter 2019 (decoupled decay)
//   nadam    Dozat 2016, with the momentum schedule mu_t = beta1 (1 - 0.96^(0.004 t) / 2)
//   radam    Liu et al. 2020, "On the variance of the adaptive learning rate and beyond", algorithm
//   2 rmsprop  Tieleman and Hinton 2012: p <- p - lr g / (sqrt(v) + epsilon), without momentum lion
//   Chen et al. 2023, "Symbolic discovery of optimization algorithms" (decoupled decay)
// The gradient is first shortened to clip_norm, then L1 and L2 terms are added to that of the
// weights; biases and the gains of norms are never decayed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "twostep/base/aligned.hpp"
#include "twostep/base/bytes.hpp"
#include "twostep/ports/mlp_layout.hpp"
#include "twostep/study/hyperparameters.hpp"

namespace twostep {

class Optimizer {
 public:
  Optimizer(const TrainingSettings& settings, const MlpLayout& layout);
  // One update with this learning rate. gradient is not changed. false: it holds NaN or infinity,
  // and the parameters and moments are of no more use.
  [[nodiscard]] bool step(std::span<float> parameters, std::span<const float> gradient,
                          double learning_rate);
  void save(ByteWriter& writer) const;
  void load(ByteReader& reader);

 private:
  TrainingSettings settings_;
  std::vector<LayerLayout> layers_;
  AlignedFloats first_;      // momentum, or first moment
  AlignedFloats second_;     // second moment (adam and its kin), mean square (rmsprop)
  AlignedFloats effective_;  // clipped gradient with its L1 term, where one is asked for
  std::uint64_t steps_ = 0;
  double momentum_product_ = 1;  // nadam

  [[nodiscard]] const float* effective_gradient(std::span<const float> parameters,
                                                std::span<const float> gradient);
  // What all parameters have in common in this step.
  struct Step {
    double rate = 0;
    double correction1 = 1;  // Adam's bias corrections: of the first moment,
    double correction2 = 1;  // and the root of that of the second
    double mu = 0;           // nadam: momentum of this step and of the next
    double mu_next = 0;
    double rectification = 0;  // radam
  };
  [[nodiscard]] Step begin_step(double learning_rate);
  // Of the n parameters from `at` on: block by block, each looked at and updated while it is in the
  // cache.
  [[nodiscard]] bool sweep(const Step& step, float* parameters, const float* gradient,
                           std::size_t at, std::size_t n, double decay);
  void update(const Step& step, float* p, const float* g, std::size_t at, std::size_t n,
              double decay);
};

}  // namespace twostep
