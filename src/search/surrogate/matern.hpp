// The covariance of the Gaussian process: Matern 5/2 with a length scale for every dimension of the
// unit cube (ARD). Categories are 0 or 1 apart; a dimension that only one of two points has puts
// them half a unit apart, one that neither has does not count.
#pragma once

#include <span>
#include <vector>

#include "search/history.hpp"

namespace twostep {

struct GpSettings {
  std::vector<double> inverse_squares;  // of the length scales, by dimension
  double noise = 1e-4;                  // variance, of the kernel's
};

// The squared distance along one dimension, before scaling.
[[nodiscard]] double squared_distance(const Axis& axis, double a, double b);
// At a scaled squared distance; 1 at 0.
[[nodiscard]] double matern(double scaled_square);
// Its derivative by the scaled squared distance.
[[nodiscard]] double matern_slope(double scaled_square);

[[nodiscard]] double correlation(const std::vector<Axis>& axes, const GpSettings& settings,
                                 std::span<const double> a, std::span<const double> b);

// Maximum a posteriori by the marginal likelihood of mean 0 and profiled signal variance, with the
// prior of Hvarfner, Hellsten and Nardi ("Vanilla Bayesian optimization performs great in high
// dimensions", ICML 2024) on length scales. Starts from the prior, so it is a function of its
// arguments alone. Cost: cubic in the number of points.
[[nodiscard]] GpSettings fit_gp(const std::vector<Axis>& axes,
                                const std::vector<std::span<const double>>& points,
                                const std::vector<double>& targets);

}  // namespace twostep
