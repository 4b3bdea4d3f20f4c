#include "train/reference_layer.hpp"

#include "twostep/base/check.hpp"
#include "twostep/ports/layer_rules.hpp"
#include "twostep/train/reference_engine.hpp"

namespace twostep {

ReferenceLayer::ReferenceLayer(const NetworkShape& shape, std::size_t index, std::size_t rows)
    : at_(MlpLayout(shape).layers[index]),
      index_(index),
      rows_(rows),
      activation_(index == shape.widths.size() ? shape.output_activation : shape.activation),
      norm_(index == shape.widths.size() ? Norm::none : shape.norm),
      before_(rows * at_.outputs) {}

void ReferenceLayer::forward(std::span<const float> p, std::span<const float> running,
                             std::span<float> moved, const std::vector<double>& in,
                             const BatchContext* batch) {
  const std::size_t outputs = at_.outputs;
  for (std::size_t r = 0; r < rows_; ++r) {
    for (std::size_t o = 0; o < outputs; ++o) {
      double z = 0;
      for (std::size_t i = 0; i < at_.inputs; ++i) {
        z += in[r * at_.inputs + i] * p[at_.weights + i * outputs + o];
      }
      before_[r * outputs + o] = z;
    }
  }
  if (norm_ == Norm::batch) {
    normalise_columns(running, moved, batch);
  } else if (norm_ == Norm::layer) {
    normalise_rows();
  }
  normalised_ = before_;
  for (std::size_t i = 0; i < before_.size(); ++i) {
    const std::size_t o = i % outputs;
    before_[i] = before_[i] * (at_.normalised ? p[at_.gains() + o] : 1.0F) + p[at_.biases + o];
  }
  activate_all();
  output_ = after_;
  mask_.clear();
  if (batch != nullptr && at_.dropout > 0) {
    draw_mask(*batch);
  }
  for (std::size_t i = 0; i < output_.size(); ++i) {
    output_[i] = output_[i] * (mask_.empty() ? 1 : mask_[i]) + (at_.skip ? in[i] : 0);
  }
}

void ReferenceLayer::normalise_columns(std::span<const float> running, std::span<float> moved,
                                       const BatchContext* batch) {
  const std::size_t n = at_.outputs;
  std::vector<double> moments(2 * n, 0.0);
  if (batch != nullptr) {
    for (std::size_t i = 0; i < before_.size(); ++i) {
      moments[i % n] += before_[i];
      moments[n + i % n] += before_[i] * before_[i];
    }
    finish_moments(moments, moved.subspan(at_.state, 2 * n), *batch);
  } else {
    for (std::size_t j = 0; j < n; ++j) {
      moments[j] = running[at_.state + j];
      moments[n + j] = 1 / std::sqrt(running[at_.state + n + j] + norm_epsilon);
    }
  }
  for (std::size_t i = 0; i < before_.size(); ++i) {
    before_[i] = (before_[i] - moments[i % n]) * moments[n + i % n];
  }
  inverse_.assign(moments.begin() + static_cast<long>(n), moments.end());
}

void ReferenceLayer::normalise_rows() {
  const std::size_t n = at_.outputs;
  inverse_.assign(rows_, 0.0);
  for (std::size_t r = 0; r < rows_; ++r) {
    double* z = &before_[r * n];
    double mean = 0;
    for (std::size_t o = 0; o < n; ++o) {
      mean += z[o] / static_cast<double>(n);
    }
    double variance = 0;
    for (std::size_t o = 0; o < n; ++o) {
      variance += (z[o] - mean) * (z[o] - mean) / static_cast<double>(n);
    }
    inverse_[r] = 1 / std::sqrt(variance + norm_epsilon);
    for (std::size_t o = 0; o < n; ++o) {
      z[o] = (z[o] - mean) * inverse_[r];
    }
  }
}

void ReferenceLayer::activate_all() {
  after_ = before_;
  if (activation_ != Activation::softmax) {
    for (double& v : after_) {
      v = activate(activation_, v);
    }
    return;
  }
  for (std::size_t r = 0; r < rows_; ++r) {
    double* z = &after_[r * at_.outputs];
    const double top = *std::max_element(z, z + at_.outputs);
    double sum = 0;
    for (std::size_t o = 0; o < at_.outputs; ++o) {
      z[o] = std::exp(z[o] - top);
      sum += z[o];
    }
    for (std::size_t o = 0; o < at_.outputs; ++o) {
      z[o] /= sum;
    }
  }
}

void ReferenceLayer::draw_mask(const BatchContext& batch) {
  const Rng rng = dropout_rng(batch);
  const std::uint32_t threshold = dropout_threshold(at_.dropout);
  mask_.resize(output_.size());
  for (std::size_t i = 0; i < mask_.size(); ++i) {
    const auto unit = static_cast<std::uint32_t>(i % at_.outputs);
    const auto words =
        rng.block(batch.first_row + i / at_.outputs, dropout_lane(index_) + unit / 4);
    const auto word = static_cast<std::uint32_t>(words[unit % 4 / 2] >> (32 * (unit % 2)));
    mask_[i] = word < threshold ? 0 : 1 / (1 - at_.dropout);
  }
}

std::vector<double> ReferenceLayer::backward(std::span<const float> p,
                                             const std::vector<double>& in,
                                             const std::vector<double>& out,
                                             std::span<float> gradient, const BatchContext& batch) {
  const std::size_t outputs = at_.outputs;
  std::vector<double> delta = out;
  for (std::size_t i = 0; i < mask_.size(); ++i) {
    delta[i] *= mask_[i];
  }
  slope_of_activation(delta);
  for (std::size_t o = 0; o < outputs; ++o) {
    double sum = 0;
    for (std::size_t r = 0; r < rows_; ++r) {
      sum += delta[r * outputs + o];
    }
    gradient[at_.biases + o] = static_cast<float>(sum);
  }
  if (at_.normalised) {
    slope_of_norm(delta, p, gradient, batch);
  }
  std::vector<double> below(rows_ * at_.inputs);
  for (std::size_t i = 0; i < at_.inputs; ++i) {
    for (std::size_t o = 0; o < outputs; ++o) {
      double sum = 0;
      for (std::size_t r = 0; r < rows_; ++r) {
        sum += in[r * at_.inputs + i] * delta[r * outputs + o];
        below[r * at_.inputs + i] += p[at_.weights + i * outputs + o] * delta[r * outputs + o];
      }
      gradient[at_.weights + i * outputs + o] = static_cast<float>(sum);
    }
  }
  for (std::size_t i = 0; at_.skip && i < below.size(); ++i) {
    below[i] += out[i];
  }
  return below;
}

void ReferenceLayer::slope_of_activation(std::vector<double>& delta) const {
  if (activation_ != Activation::softmax) {
    for (std::size_t i = 0; i < delta.size(); ++i) {
      delta[i] *= activation_slope(activation_, before_[i]);
    }
    return;
  }
  const std::size_t n = at_.outputs;
  for (std::size_t r = 0; r < rows_; ++r) {
    double dot = 0;
    for (std::size_t i = r * n; i < (r + 1) * n; ++i) {
      dot += delta[i] * after_[i];
    }
    for (std::size_t i = r * n; i < (r + 1) * n; ++i) {
      delta[i] = after_[i] * (delta[i] - dot);
    }
  }
}

// With n the normalised values and d = delta gain: dz = (d - mean(d) - n mean(d n)) / deviation,
// the means being those of the norm.
void ReferenceLayer::slope_of_norm(std::vector<double>& delta, std::span<const float> p,
                                   std::span<float> gradient, const BatchContext& batch) const {
  const std::size_t n = at_.outputs;
  std::vector<double> sums(2 * n, 0.0);
  for (std::size_t i = 0; i < delta.size(); ++i) {
    sums[i % n] += delta[i];
    sums[n + i % n] += delta[i] * normalised_[i];
  }
  for (std::size_t o = 0; o < n; ++o) {
    gradient[at_.gains() + o] = static_cast<float>(sums[n + o]);
  }
  if (norm_ == Norm::batch) {
    finish_slopes(sums, batch);
    for (std::size_t i = 0; i < delta.size(); ++i) {
      const std::size_t o = i % n;
      delta[i] =
          p[at_.gains() + o] * inverse_[o] * (delta[i] - sums[o] - normalised_[i] * sums[n + o]);
    }
    return;
  }
  for (std::size_t r = 0; r < rows_; ++r) {
    double mean = 0;
    double along = 0;
    for (std::size_t i = r * n; i < (r + 1) * n; ++i) {
      delta[i] *= p[at_.gains() + i % n];
      mean += delta[i] / static_cast<double>(n);
      along += delta[i] * normalised_[i] / static_cast<double>(n);
    }
    for (std::size_t i = r * n; i < (r + 1) * n; ++i) {
      delta[i] = inverse_[r] * (delta[i] - mean - normalised_[i] * along);
    }
  }
}

}  // namespace twostep
