// Elementary functions that loops over them can be vectorised with, in double precision and a few
// units in its last place; libm's are called one number at a time. NaN stays NaN.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace twostep {

// e^x for x <= 0; what is below 1e-307 is taken for that. x = n ln 2 + r, |r| <= ln 2 / 2, and the
// series of e^r to its 13th power.
[[gnu::always_inline]] inline double exp_of_negative(double x) {
  constexpr double shift = 0x1.8p52;  // adding it rounds to an integer, in the low bits
  const double bounded = x < -707.0 ? -707.0 : x;
  const double shifted = bounded * 1.4426950408889634074 + shift;
  const double n = shifted - shift;
  const double r = (bounded - n * 0x1.62e42fefa38p-1) - n * 0x1.ef35793c7673p-45;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  const std::uint64_t exponent = (std::bit_cast<std::uint64_t>(shifted) + 1023) << 52;
  return p * std::bit_cast<double>(exponent);
}

// ln(1 + u) for 0 <= u <= 1, as 2 artanh(u / (2 + u)).
[[gnu::always_inline]] inline double log_of_one_plus(double u) {
  const double s = u / (2.0 + u);
  const double t = s * s;
  double p = 1.0 / 33.0;
  p = p * t + 1.0 / 31.0;
  p = p * t + 1.0 / 29.0;
  p = p * t + 1.0 / 27.0;
  p = p * t + 1.0 / 25.0;
  p = p * t + 1.0 / 23.0;
  p = p * t + 1.0 / 21.0;
  p = p * t + 1.0 / 19.0;
  p = p * t + 1.0 / 17.0;
  p = p * t + 1.0 / 15.0;
  p = p * t + 1.0 / 13.0;
  p = p * t + 1.0 / 11.0;
  p = p * t + 1.0 / 9.0;
  p = p * t + 1.0 / 7.0;
  p = p * t + 1.0 / 5.0;
  p = p * t + 1.0 / 3.0;
  p = p * t + 1.0;
  return 2.0 * s * p;
}

[[gnu::always_inline]] inline double tanh_of(double x) {
  const double a = std::abs(x);
  const double e = exp_of_negative(-2.0 * a);
  const double far = (1.0 - e) / (1.0 + e);
  const double t = a * a;  // near 0 the difference would cancel
  const double near =
      a *
      (1.0 + t * (-1.0 / 3 +
                  t * (2.0 / 15 + t * (-17.0 / 315 + t * (62.0 / 2835 + t * (-1382.0 / 155925))))));
  return std::copysign(a < 0.1 ? near : far, x);
}

[[gnu::always_inline]] inline double sigmoid_of(double x) {
  const double e = exp_of_negative(-std::abs(x));
  return (x >= 0 ? 1.0 : e) / (1.0 + e);
}

}  // namespace twostep
