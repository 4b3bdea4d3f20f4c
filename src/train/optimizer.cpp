#include "twostep/train/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

TWOSTEP_VECTORISED
void sgd_loop(float* __restrict p, const float* __restrict g, float* __restrict v, std::size_t n,
              float lr, float momentum, float decay, float direct, float through) {
  for (std::size_t i = 0; i < n; ++i) {
    const float d = g[i] + decay * p[i];
    v[i] = momentum * v[i] + d;
    p[i] -= lr * (direct * d + through * v[i]);
  }
}

TWOSTEP_VECTORISED
void adam_loop(float* __restrict p, const float* __restrict g, float* __restrict m,
               float* __restrict v, std::size_t n, float rate, float beta1, float beta2,
               float epsilon, float decay, float shrink) {
  for (std::size_t i = 0; i < n; ++i) {
    const float d = g[i] + decay * p[i];
    m[i] = beta1 * m[i] + (1.0F - beta1) * d;
    v[i] = beta2 * v[i] + (1.0F - beta2) * d * d;
    p[i] = shrink * p[i] - rate * m[i] / (std::sqrt(v[i]) + epsilon);
  }
}

}  // namespace

Optimizer::Optimizer(const TrainingSettings& settings, const MlpLayout& layout)
    : settings_(settings), layers_(layout.layers), first_(layout.parameters, 0.0F) {
  if (settings.optimizer != OptimizerKind::sgd) {
    second_.assign(layout.parameters, 0.0F);
  }
}

void Optimizer::step(std::span<float> parameters, std::span<const float> gradient,
                     double learning_rate) {
  TWOSTEP_REQUIRE(parameters.size() == first_.size() && gradient.size() >= first_.size());
  ++steps_;
  const TrainingSettings& s = settings_;
  const auto t = static_cast<double>(steps_);
  // Adam's bias corrections, folded into the rate and epsilon.
  const double correction1 = 1 - std::pow(s.beta1, t);
  const double correction2 = std::sqrt(1 - std::pow(s.beta2, t));
  const auto update = [&](std::size_t at, std::size_t n, double decay) {
    float* p = parameters.data() + at;
    const float* g = gradient.data() + at;
    if (s.optimizer == OptimizerKind::sgd) {
      sgd_loop(p, g, first_.data() + at, n, static_cast<float>(learning_rate),
               static_cast<float>(s.momentum), static_cast<float>(decay), s.nesterov ? 1.0F : 0.0F,
               s.nesterov ? static_cast<float>(s.momentum) : 1.0F);
      return;
    }
    const bool decoupled = s.optimizer == OptimizerKind::adamw;
    adam_loop(p, g, first_.data() + at, second_.data() + at, n,
              static_cast<float>(learning_rate * correction2 / correction1),
              static_cast<float>(s.beta1), static_cast<float>(s.beta2),
              static_cast<float>(s.epsilon * correction2),
              decoupled ? 0.0F : static_cast<float>(decay),
              decoupled ? static_cast<float>(1 - learning_rate * decay) : 1.0F);
  };
  for (const LayerLayout& layer : layers_) {
    update(layer.weights, layer.inputs * layer.outputs, s.weight_decay);
    update(layer.biases, layer.outputs, 0.0);
  }
}

void Optimizer::save(ByteWriter& writer) const {
  writer.u64(steps_);
  writer.f32s(first_);
  writer.f32s(second_);
}

void Optimizer::load(ByteReader& reader) {
  steps_ = reader.u64();
  auto first = reader.f32s();
  auto second = reader.f32s();
  if (first.size() != first_.size() || second.size() != second_.size()) {
    throw Error(ErrorKind::internal, Problem{"", "a checkpoint of another network", "", ""});
  }
  first_ = std::move(first);
  second_ = std::move(second);
}

double learning_rate_at(const TrainingSettings& settings, std::uint64_t step, std::uint64_t total) {
  const auto at = static_cast<double>(step);
  const auto all = static_cast<double>(total);
  const double warm = settings.warmup * all;
  if (at < warm) {
    return settings.learning_rate * std::min(1.0, (at + 1) / warm);
  }
  if (settings.schedule == ScheduleKind::constant || all <= warm) {
    return settings.learning_rate;
  }
  return 0.5 * settings.learning_rate *
         (1 + std::cos(std::numbers::pi * (at - warm) / (all - warm)));
}

}  // namespace twostep
