#include "search/density/kernels.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

// exp of x <= 0 to about 2 units in the last place: x = k ln 2 + r, |r| <= ln 2 / 2, Taylor's
// polynomial of degree 6 in r, and k into the exponent.
inline float exponential(float x) {
  const float bounded = std::max(x, -87.0F);
  const auto k = static_cast<std::int32_t>(bounded * 1.44269504F - 0.5F);
  const auto whole = static_cast<float>(k);
  const float r = (bounded - whole * 0.693359375F) + whole * 2.12194440e-4F;
  float p = 1.0F / 720;
  p = p * r + 1.0F / 120;
  p = p * r + 1.0F / 24;
  p = p * r + 1.0F / 6;
  p = p * r + 0.5F;
  p = p * r + 1.0F;
  p = p * r + 1.0F;
  const float power = std::bit_cast<float>((k + 127) << 23);
  return x < -87.0F ? 0.0F : p * power;
}

constexpr std::size_t lanes = 16;

}  // namespace

TWOSTEP_VECTORISED
void add_normal(float* sum, const float* at, const float* constant, const float* active,
                std::size_t n, float x, float half_precision) {
  if (active) {
    for (std::size_t i = 0; i < n; ++i) {
      const float distance = x - at[i];
      sum[i] += active[i] * (constant[i] - distance * distance * half_precision);
    }
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      const float distance = x - at[i];
      sum[i] += constant[i] - distance * distance * half_precision;
    }
  }
}

TWOSTEP_VECTORISED
void add_category(float* sum, const float* at, const float* active, std::size_t n, float category,
                  float same, float other) {
  if (active) {
    for (std::size_t i = 0; i < n; ++i) {
      sum[i] += active[i] * (at[i] == category ? same : other);
    }
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      sum[i] += at[i] == category ? same : other;
    }
  }
}

TWOSTEP_VECTORISED
float largest(const float* values, std::size_t n) {
  float lane[lanes];
  std::fill_n(lane, lanes, -3e38F);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t j = 0; j < lanes; ++j) {
      lane[j] = values[i + j] > lane[j] ? values[i + j] : lane[j];
    }
  }
  float out = *std::max_element(lane, lane + lanes);
  for (; i < n; ++i) {
    out = std::max(out, values[i]);
  }
  return out;
}

TWOSTEP_VECTORISED
double sum_of_exponentials(const float* values, std::size_t n, float offset) {
  float lane[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t j = 0; j < lanes; ++j) {
      lane[j] += exponential(values[i + j] - offset);
    }
  }
  double out = 0;
  for (const float part : lane) {
    out += static_cast<double>(part);
  }
  for (; i < n; ++i) {
    out += static_cast<double>(exponential(values[i] - offset));
  }
  return out;
}

}  // namespace twostep
