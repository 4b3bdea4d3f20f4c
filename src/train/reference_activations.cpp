#include <cmath>
#include <numbers>

#include "twostep/base/check.hpp"
#include "twostep/train/reference_engine.hpp"

namespace twostep {
namespace {

double logistic(double z) {
  return 1.0 / (1.0 + std::exp(-z));
}
double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

}  // namespace

double activate(Activation activation, double z) {
  switch (activation) {
    case Activation::identity:
      return z;
    case Activation::relu:
      return z > 0 ? z : 0;
    case Activation::leaky_relu:
      return z > 0 ? z : leaky_slope * z;
    case Activation::elu:
      return z > 0 ? z : std::expm1(z);
    case Activation::gelu:
      return z * normal_cdf(z);
    case Activation::silu:
      return z * logistic(z);
    case Activation::tanh:
      return std::tanh(z);
    case Activation::sigmoid:
      return logistic(z);
    case Activation::softplus:
      return z > 30 ? z : std::log1p(std::exp(z));
    case Activation::selu:
      return selu_lambda * (z > 0 ? z : selu_alpha * std::expm1(z));
    case Activation::softmax:
      break;
  }
  TWOSTEP_CHECK(false);  // softmax is no function of one number
  return 0;
}

double activation_slope(Activation activation, double z) {
  switch (activation) {
    case Activation::identity:
      return 1;
    case Activation::relu:
      return z > 0 ? 1 : 0;
    case Activation::leaky_relu:
      return z > 0 ? 1 : leaky_slope;
    case Activation::elu:
      return z > 0 ? 1 : std::exp(z);
    case Activation::gelu:
      return normal_cdf(z) + z * std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
    case Activation::silu:
      return logistic(z) * (1 + z * (1 - logistic(z)));
    case Activation::tanh:
      return 1 - std::tanh(z) * std::tanh(z);
    case Activation::sigmoid:
      return logistic(z) * (1 - logistic(z));
    case Activation::softplus:
      return logistic(z);
    case Activation::selu:
      return selu_lambda * (z > 0 ? 1 : selu_alpha * std::exp(z));
    case Activation::softmax:
      break;
  }
  TWOSTEP_CHECK(false);
  return 0;
}

}  // namespace twostep
