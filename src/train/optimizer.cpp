#include "twostep/train/optimizer.hpp"

#include <algorithm>
#include <cmath>

#include "train/finite.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

constexpr std::size_t update_block = 4096;  // parameters; with their moments 64 KiB

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

// p <- p - a d / (sqrt(v) + epsilon) - b m / (sqrt(v) + epsilon)
TWOSTEP_VECTORISED
void nadam_loop(float* __restrict p, const float* __restrict g, float* __restrict m,
                float* __restrict v, std::size_t n, float a, float b, float beta1, float beta2,
                float epsilon, float decay) {
  for (std::size_t i = 0; i < n; ++i) {
    const float d = g[i] + decay * p[i];
    m[i] = beta1 * m[i] + (1.0F - beta1) * d;
    v[i] = beta2 * v[i] + (1.0F - beta2) * d * d;
    p[i] -= (a * d + b * m[i]) / (std::sqrt(v[i]) + epsilon);
  }
}

// RAdam while the variance of the adaptive rate is intractable: momentum alone.
TWOSTEP_VECTORISED
void momentum_loop(float* __restrict p, const float* __restrict g, float* __restrict m,
                   float* __restrict v, std::size_t n, float rate, float beta1, float beta2,
                   float decay) {
  for (std::size_t i = 0; i < n; ++i) {
    const float d = g[i] + decay * p[i];
    m[i] = beta1 * m[i] + (1.0F - beta1) * d;
    v[i] = beta2 * v[i] + (1.0F - beta2) * d * d;
    p[i] -= rate * m[i];
  }
}

TWOSTEP_VECTORISED
void rmsprop_loop(float* __restrict p, const float* __restrict g, float* __restrict v,
                  std::size_t n, float lr, float rho, float epsilon, float decay) {
  for (std::size_t i = 0; i < n; ++i) {
    const float d = g[i] + decay * p[i];
    v[i] = rho * v[i] + (1.0F - rho) * d * d;
    p[i] -= lr * d / (std::sqrt(v[i]) + epsilon);
  }
}

TWOSTEP_VECTORISED
void lion_loop(float* __restrict p, const float* __restrict g, float* __restrict m, std::size_t n,
               float lr, float beta1, float beta2, float shrink) {
  for (std::size_t i = 0; i < n; ++i) {
    const float u = beta1 * m[i] + (1.0F - beta1) * g[i];
    const float sign = u > 0.0F ? 1.0F : u < 0.0F ? -1.0F : 0.0F;
    p[i] = shrink * p[i] - lr * sign;
    m[i] = beta2 * m[i] + (1.0F - beta2) * g[i];
  }
}

TWOSTEP_VECTORISED
double sum_of_squares(const float* g, std::size_t n) {
  constexpr std::size_t lanes = 16;
  double sums[lanes] = {};
  for (std::size_t i = 0; i < n; ++i) {
    sums[i % lanes] += static_cast<double>(g[i]) * static_cast<double>(g[i]);
  }
  double sum = 0;
  for (const double s : sums) {
    sum += s;
  }
  return sum;
}

TWOSTEP_VECTORISED
void scale_and_penalise(const float* __restrict g, const float* __restrict p, float* __restrict out,
                        std::size_t n, float scale, float l1) {
  for (std::size_t i = 0; i < n; ++i) {
    const float sign = p[i] > 0.0F ? 1.0F : p[i] < 0.0F ? -1.0F : 0.0F;
    out[i] = scale * g[i] + l1 * sign;
  }
}

bool has_second_moment(OptimizerKind kind) {
  return kind != OptimizerKind::sgd && kind != OptimizerKind::lion;
}

// Dozat 2016, with the decay that Keras and PyTorch use.
double nadam_momentum(double beta1, double t) {
  return beta1 * (1 - 0.5 * std::pow(0.96, 0.004 * t));
}

// Liu et al. 2020: the rectification, or 0 where the variance is intractable (rho_t <= 5).
double rectification(double beta2, double t) {
  const double limit = 2 / (1 - beta2) - 1;
  const double power = std::pow(beta2, t);
  const double rho = limit - 2 * t * power / (1 - power);
  if (rho <= 5) {
    return 0;
  }
  return std::sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho));
}

}  // namespace

Optimizer::Optimizer(const TrainingSettings& settings, const MlpLayout& layout)
    : settings_(settings), layers_(layout.layers), first_(layout.parameters, 0.0F) {
  if (has_second_moment(settings.optimizer)) {
    second_.assign(layout.parameters, 0.0F);
  }
  if (settings.clip_norm > 0 || settings.l1 > 0) {
    effective_.resize(layout.parameters);
  }
}

const float* Optimizer::effective_gradient(std::span<const float> parameters,
                                           std::span<const float> gradient) {
  if (effective_.empty()) {
    return gradient.data();
  }
  double scale = 1;
  if (settings_.clip_norm > 0) {
    const double norm = std::sqrt(sum_of_squares(gradient.data(), first_.size()));
    scale = norm > settings_.clip_norm ? settings_.clip_norm / norm : 1;
  }
  const auto copy = [&](std::size_t at, std::size_t n, double l1) {
    scale_and_penalise(gradient.data() + at, parameters.data() + at, effective_.data() + at, n,
                       static_cast<float>(scale), static_cast<float>(l1));
  };
  for (const LayerLayout& layer : layers_) {
    copy(layer.weights, layer.inputs * layer.outputs, settings_.l1);
    copy(layer.biases, layer.end() - layer.biases, 0);
  }
  return effective_.data();
}

Optimizer::Step Optimizer::begin_step(double learning_rate) {
  const TrainingSettings& s = settings_;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  Step step;
  step.rate = learning_rate;
  if (has_second_moment(s.optimizer)) {
    step.correction1 = 1 - std::pow(s.beta1, t);
    step.correction2 = std::sqrt(1 - std::pow(s.beta2, t));
  }
  if (s.optimizer == OptimizerKind::nadam) {
    step.mu = nadam_momentum(s.beta1, t);
    step.mu_next = nadam_momentum(s.beta1, t + 1);
    momentum_product_ *= step.mu;
  } else if (s.optimizer == OptimizerKind::radam) {
    step.rectification = rectification(s.beta2, t);
  }
  return step;
}

bool Optimizer::step(std::span<float> parameters, std::span<const float> gradient,
                     double learning_rate) {
  TWOSTEP_REQUIRE(parameters.size() == first_.size() && gradient.size() >= first_.size());
  const Step step = begin_step(learning_rate);
  const float* g = effective_gradient(parameters, gradient);
  if (settings_.weight_decay == 0) {  // then biases are as weights, and all go in one sweep
    return sweep(step, parameters.data(), g, 0, first_.size(), 0);
  }
  for (const LayerLayout& layer : layers_) {
    const std::size_t weights = layer.inputs * layer.outputs;
    if (!sweep(step, parameters.data(), g, layer.weights, weights, settings_.weight_decay) ||
        !sweep(step, parameters.data(), g, layer.biases, layer.end() - layer.biases, 0)) {
      return false;  // gains are as biases
    }
  }
  return true;
}

bool Optimizer::sweep(const Step& step, float* parameters, const float* gradient, std::size_t at,
                      std::size_t n, double decay) {
  for (const std::size_t end = at + n; at < end; at += update_block) {
    const std::size_t count = std::min(update_block, end - at);
    if (!all_finite({gradient + at, count})) {
      return false;
    }
    update(step, parameters + at, gradient + at, at, count, decay);
  }
  return true;
}

void Optimizer::update(const Step& step, float* p, const float* g, std::size_t at, std::size_t n,
                       double decay) {
  const TrainingSettings& s = settings_;
  const auto f = [](double x) { return static_cast<float>(x); };
  float* m = first_.data() + at;
  float* v = second_.data() + (second_.empty() ? 0 : at);
  // Adam's bias corrections are folded into the rate and epsilon.
  const double rate = step.rate;
  const double root = rate * step.correction2;
  const float epsilon = f(s.epsilon * step.correction2);
  switch (s.optimizer) {
    case OptimizerKind::sgd:
      sgd_loop(p, g, m, n, f(rate), f(s.momentum), f(decay), s.nesterov ? 1.0F : 0.0F,
               s.nesterov ? f(s.momentum) : 1.0F);
      break;
    case OptimizerKind::adam:
      adam_loop(p, g, m, v, n, f(root / step.correction1), f(s.beta1), f(s.beta2), epsilon,
                f(decay), 1.0F);
      break;
    case OptimizerKind::adamw:
      adam_loop(p, g, m, v, n, f(root / step.correction1), f(s.beta1), f(s.beta2), epsilon, 0.0F,
                f(1 - rate * decay));
      break;
    case OptimizerKind::nadam:
      nadam_loop(p, g, m, v, n, f(root * (1 - step.mu) / (1 - momentum_product_)),
                 f(root * step.mu_next / (1 - momentum_product_ * step.mu_next)), f(s.beta1),
                 f(s.beta2), epsilon, f(decay));
      break;
    case OptimizerKind::radam:
      if (step.rectification > 0) {
        adam_loop(p, g, m, v, n, f(root * step.rectification / step.correction1), f(s.beta1),
                  f(s.beta2), epsilon, f(decay), 1.0F);
      } else {
        momentum_loop(p, g, m, v, n, f(rate / step.correction1), f(s.beta1), f(s.beta2), f(decay));
      }
      break;
    case OptimizerKind::rmsprop:
      rmsprop_loop(p, g, v, n, f(rate), f(s.rho), f(s.epsilon), f(decay));
      break;
    case OptimizerKind::lion:
      lion_loop(p, g, m, n, f(rate), f(s.beta1), f(s.beta2), f(1 - rate * decay));
      break;
  }
}

void Optimizer::save(ByteWriter& writer) const {
  writer.u64(steps_);
  writer.f64(momentum_product_);
  writer.f32s(first_);
  writer.f32s(second_);
}

void Optimizer::load(ByteReader& reader) {
  const std::uint64_t steps = reader.u64();
  const double momentum_product = reader.f64();
  const auto first = reader.f32s();
  const auto second = reader.f32s();
  if (first.size() != first_.size() || second.size() != second_.size()) {
    throw Error(ErrorKind::internal, Problem{"", "a checkpoint of another network", "", ""});
  }
  reader.expect_end();
  steps_ = steps;
  momentum_product_ = momentum_product;
  first_ = aligned(first);
  second_ = aligned(second);
}

}  // namespace twostep
