#include "search/surrogate/matern.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace twostep {
namespace {

constexpr double half_known = 0.25;  // squared distance to a point that lacks the dimension
constexpr int iterations = 40;
constexpr double jitter = 1e-8;
constexpr double log_noise_mean = -7;  // prior: normal on the logarithm
constexpr double log_noise_deviation = 3;

// Resilient propagation without weight backtracking (Igel and Huesken, "Empirical evaluation of the
// improved Rprop learning algorithms", Neurocomputing 50, 2003): needs signs of the gradient alone,
// which suits a likelihood that is flat in some directions and steep in others.
class Rprop {
 public:
  explicit Rprop(std::size_t n) : steps_(n, 0.5), last_(n, 0) {}
  void step(std::vector<double>& x, const std::vector<double>& gradient) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double agreement = gradient[i] * last_[i];
      steps_[i] = std::clamp(steps_[i] * (agreement > 0   ? 1.2
                                          : agreement < 0 ? 0.5
                                                          : 1),
                             1e-4, 1.0);
      last_[i] = agreement < 0 ? 0 : gradient[i];
      x[i] += last_[i] > 0 ? steps_[i] : last_[i] < 0 ? -steps_[i] : 0;
    }
  }

 private:
  std::vector<double> steps_;
  std::vector<double> last_;
};

class Likelihood {
 public:
  Likelihood(const std::vector<Axis>& axes, const std::vector<std::span<const double>>& points,
             const std::vector<double>& targets)
      : y_(Eigen::Map<const Eigen::VectorXd>(targets.data(),
                                             static_cast<Eigen::Index>(targets.size()))) {
    const auto n = static_cast<Eigen::Index>(points.size());
    // log l has mean sqrt 2 + log(d) / 2 and deviation sqrt 3; parameters are log(1 / l^2).
    prior_mean_ = -2 * (std::sqrt(2.0) + 0.5 * std::log(static_cast<double>(axes.size())));
    for (std::size_t d = 0; d < axes.size(); ++d) {
      Eigen::MatrixXd square(n, n);
      for (Eigen::Index i = 0; i < n; ++i) {
        for (Eigen::Index j = 0; j <= i; ++j) {
          square(i, j) = square(j, i) =
              squared_distance(axes[d], points[static_cast<std::size_t>(i)][d],
                               points[static_cast<std::size_t>(j)][d]);
        }
      }
      squares_.push_back(std::move(square));
    }
  }
  [[nodiscard]] std::vector<double> start() const {
    std::vector<double> out(squares_.size(), prior_mean_);
    out.push_back(log_noise_mean);
    return out;
  }
  // Log posterior, and its gradient; -infinity where the matrix is not positive definite.
  double evaluate(const std::vector<double>& x, std::vector<double>& gradient) const {
    const Eigen::Index n = y_.size();
    Eigen::MatrixXd scaled = Eigen::MatrixXd::Zero(n, n);
    for (std::size_t d = 0; d < squares_.size(); ++d) {
      scaled += std::exp(x[d]) * squares_[d];
    }
    Eigen::MatrixXd k = scaled.unaryExpr([](double s) { return matern(s); });
    const double noise = std::exp(x.back());
    k.diagonal().array() += noise + jitter;
    const Eigen::LLT<Eigen::MatrixXd> factor(k);
    gradient.assign(x.size(), 0);
    if (factor.info() != Eigen::Success) {
      return -std::numeric_limits<double>::infinity();
    }
    const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(n, n));
    const Eigen::VectorXd alpha = inverse * y_;
    const double variance = std::max(1e-12, y_.dot(alpha) / static_cast<double>(n));
    double out = -0.5 * static_cast<double>(n) * std::log(variance) -
                 factor.matrixLLT().diagonal().array().log().sum();
    // d L / d K = (alpha alpha^T / s^2 - K^-1) / 2
    const Eigen::MatrixXd slope = 0.5 * (alpha * alpha.transpose() / variance - inverse);
    const Eigen::MatrixXd weight =
        slope.cwiseProduct(scaled.unaryExpr([](double s) { return matern_slope(s); }));
    for (std::size_t d = 0; d < squares_.size(); ++d) {
      gradient[d] = std::exp(x[d]) * weight.cwiseProduct(squares_[d]).sum();
      add_prior(x[d], prior_mean_, 2 * std::sqrt(3.0), out, gradient[d]);
    }
    gradient.back() = noise * slope.trace();
    add_prior(x.back(), log_noise_mean, log_noise_deviation, out, gradient.back());
    return out;
  }

 private:
  Eigen::VectorXd y_;
  std::vector<Eigen::MatrixXd> squares_;
  double prior_mean_ = 0;

  static void add_prior(double x, double mean, double deviation, double& out, double& slope) {
    const double z = (x - mean) / deviation;
    out -= 0.5 * z * z;
    slope -= z / deviation;
  }
};

}  // namespace

double squared_distance(const Axis& axis, double a, double b) {
  const bool has_a = !std::isnan(a);
  const bool has_b = !std::isnan(b);
  if (!has_a || !has_b) {
    return has_a == has_b ? 0 : half_known;
  }
  if (axis.categorical) {
    return axis.category(a) == axis.category(b) ? 0 : 1;
  }
  return (a - b) * (a - b);
}

double matern(double s) {
  const double r = std::sqrt(5 * s);
  return (1 + r + r * r / 3) * std::exp(-r);
}

double matern_slope(double s) {
  const double r = std::sqrt(5 * s);
  return -5.0 / 6 * (1 + r) * std::exp(-r);
}

double correlation(const std::vector<Axis>& axes, const GpSettings& settings,
                   std::span<const double> a, std::span<const double> b) {
  double s = 0;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    s += settings.inverse_squares[d] * squared_distance(axes[d], a[d], b[d]);
  }
  return matern(s);
}

GpSettings fit_gp(const std::vector<Axis>& axes, const std::vector<std::span<const double>>& points,
                  const std::vector<double>& targets) {
  const Likelihood likelihood(axes, points, targets);
  std::vector<double> x = likelihood.start();
  std::vector<double> best = x;
  double most = -std::numeric_limits<double>::infinity();
  std::vector<double> gradient;
  Rprop rprop(x.size());
  for (int i = 0; i < iterations; ++i) {
    const double value = likelihood.evaluate(x, gradient);
    if (value > most) {
      most = value;
      best = x;
    }
    rprop.step(x, gradient);
    for (std::size_t d = 0; d < x.size(); ++d) {
      x[d] = d + 1 == x.size() ? std::clamp(x[d], -14.0, 1.0) : std::clamp(x[d], -14.0, 9.0);
    }
  }
  GpSettings out;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    out.inverse_squares.push_back(std::exp(best[d]));
  }
  out.noise = std::exp(best.back());
  return out;
}

}  // namespace twostep
