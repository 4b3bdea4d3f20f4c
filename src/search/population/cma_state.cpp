// Hansen, "The CMA evolution strategy: a tutorial", arXiv 1604.00772, 2016, with positive weights.
// Workers do not wait for a generation: trials that were drawn from an older distribution take part
// like injected solutions, with a bounded length (Hansen, "Injecting external solutions into
// CMA-ES", RR-7748, 2011). Numbers on a grid keep a least deviation, so that they do not get stuck
// on a value (Hansen, "A CMA-ES for mixed-integer nonlinear optimization", RR-7751, 2011).
// Categories have probabilities that move towards those of the better trials, with a floor, as in
// CatCMA (Hamano et al., GECCO 2024) but with a fixed rate.
#include "search/population/cma_state.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <deque>

namespace twostep {
namespace {

constexpr double category_rate = 0.15;
constexpr double category_floor = 0.1;    // share of the uniform distribution
constexpr double least_deviation = 0.25;  // of a grid's numbers, in steps
constexpr double smallest_sigma = 1e-7;

}  // namespace

struct CmaState::Parts {
  std::vector<std::size_t> numbers;  // dimensions that the covariance is over
  Eigen::VectorXd mean;
  Eigen::VectorXd path_sigma;
  Eigen::VectorXd path_c;
  Eigen::MatrixXd covariance;
  Eigen::MatrixXd axes;
  Eigen::VectorXd lengths;
  double sigma = 0.3;
  std::size_t population = 4;
  std::size_t generation = 0;
  std::vector<std::vector<double>> categories;  // by dimension; empty for numbers
  std::deque<double> bests;                     // of the last generations
  bool spent = false;

  void decompose() {
    covariance = 0.5 * (covariance + covariance.transpose()).eval();
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
    if (solver.info() != Eigen::Success || !solver.eigenvalues().allFinite() ||
        solver.eigenvalues().minCoeff() <= 1e-14 * solver.eigenvalues().maxCoeff()) {
      spent = true;
      return;
    }
    axes = solver.eigenvectors();
    lengths = solver.eigenvalues().cwiseSqrt();
  }
};

CmaState::CmaState(const History& history, std::vector<double> mean, double sigma,
                   std::size_t population)
    : history_(&history), parts_(std::make_unique<Parts>()) {
  Parts& p = *parts_;
  p.categories.resize(history.dimensions());
  for (std::size_t d = 0; d < history.dimensions(); ++d) {
    const Axis& axis = history.axes()[d];
    if (axis.categorical) {
      p.categories[d].assign(axis.levels, 1.0 / static_cast<double>(axis.levels));
    } else if (axis.levels != 1) {
      p.numbers.push_back(d);
    }
  }
  const auto n = static_cast<Eigen::Index>(p.numbers.size());
  p.mean.resize(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    p.mean[i] = mean[p.numbers[static_cast<std::size_t>(i)]];
  }
  p.path_sigma = p.path_c = Eigen::VectorXd::Zero(n);
  p.covariance = p.axes = Eigen::MatrixXd::Identity(n, n);
  p.lengths = Eigen::VectorXd::Ones(n);
  p.sigma = sigma;
  p.population = population;
}

CmaState::~CmaState() = default;
CmaState::CmaState(CmaState&&) noexcept = default;
CmaState& CmaState::operator=(CmaState&&) noexcept = default;

double CmaState::sigma() const {
  return parts_->sigma;
}

bool CmaState::spent() const {
  return parts_->spent;
}

std::vector<double> CmaState::sample(Draws& draws) const {
  const Parts& p = *parts_;
  std::vector<double> out(history_->dimensions(), 0.5);
  for (std::size_t d = 0; d < out.size(); ++d) {
    double place = p.categories[d].empty() ? 0 : draws.uniform();
    for (std::size_t k = 0; k < p.categories[d].size(); ++k) {
      out[d] = history_->axes()[d].centre(k);
      place -= p.categories[d][k];
      if (place < 0) {
        break;
      }
    }
  }
  Eigen::VectorXd x(p.mean.size());
  for (int attempt = 0; attempt < 10; ++attempt) {  // then the boundary is near enough
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      x[i] = p.lengths[i] * draws.normal();
    }
    x = p.mean + p.sigma * (p.axes * x);
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      const Axis& axis = history_->axes()[p.numbers[static_cast<std::size_t>(i)]];
      const double least = axis.levels > 0 ? least_deviation / static_cast<double>(axis.levels) : 0;
      const double lacking = least * least - p.sigma * p.sigma * p.covariance(i, i);
      if (lacking > 0) {
        x[i] += std::sqrt(lacking) * draws.normal();
      }
    }
    if (x.size() == 0 || (x.minCoeff() >= 0 && x.maxCoeff() <= 1)) {
      break;
    }
  }
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    out[p.numbers[static_cast<std::size_t>(i)]] = std::clamp(x[i], 0.0, 1.0);
  }
  return out;
}

void CmaState::update(const std::vector<History::Row>& best_first) {
  Parts& p = *parts_;
  const std::size_t generation = std::max(p.population, best_first.size());
  const std::size_t parents = std::min(best_first.size(), generation / 2);
  ++p.generation;
  if (best_first.empty()) {
    return;
  }
  const auto n = static_cast<double>(p.numbers.size());
  Eigen::VectorXd w(static_cast<Eigen::Index>(parents));
  for (std::size_t i = 0; i < parents; ++i) {
    w[static_cast<Eigen::Index>(i)] =
        std::log(static_cast<double>(parents) + 0.5) - std::log(static_cast<double>(i) + 1);
  }
  w /= w.sum();
  const double mu = 1 / w.squaredNorm();
  for (std::size_t d = 0; d < p.categories.size(); ++d) {
    std::vector<double>& q = p.categories[d];
    for (std::size_t i = 0; i < parents && !q.empty(); ++i) {
      const double u = history_->unit(best_first[i])[d];
      for (std::size_t k = 0; k < q.size() && !std::isnan(u); ++k) {
        const double wanted = (k == history_->axes()[d].category(u) ? 1 - category_floor : 0) +
                              category_floor / static_cast<double>(q.size());
        q[k] += category_rate * w[static_cast<Eigen::Index>(i)] * (wanted - q[k]);
      }
    }
  }
  // Steps in units of sigma; zero where a trial does not have the dimension.
  const double longest = std::sqrt(n) + 2 * n / (n + 2);
  Eigen::MatrixXd y(p.mean.size(), w.size());
  for (Eigen::Index j = 0; j < y.cols(); ++j) {
    const auto unit = history_->unit(best_first[static_cast<std::size_t>(j)]);
    for (Eigen::Index i = 0; i < y.rows(); ++i) {
      const std::size_t d = p.numbers[static_cast<std::size_t>(i)];
      const auto levels = static_cast<double>(history_->axes()[d].levels);
      double step = std::isnan(unit[d]) ? 0 : unit[d] - p.mean[i];
      if (levels > 0) {  // within the present value there is nothing to learn
        const double bound =
            3 * std::max(p.sigma * std::sqrt(p.covariance(i, i)), least_deviation / levels);
        step = std::abs(step) <= 0.5 / levels ? 0 : std::clamp(step, -bound, bound);
      }
      y(i, j) = step / p.sigma;
    }
    const double length = (p.axes.transpose() * y.col(j)).cwiseQuotient(p.lengths).norm();
    y.col(j) *= std::min(1.0, longest / std::max(length, 1e-300));
  }
  const Eigen::VectorXd mean_step = y * w;
  const double c_sigma = (mu + 2) / (n + mu + 5);
  const double damping = 1 + 2 * std::max(0.0, std::sqrt((mu - 1) / (n + 1)) - 1) + c_sigma;
  const double c_c = (4 + mu / n) / (n + 4 + 2 * mu / n);
  const double c_1 = 2 / ((n + 1.3) * (n + 1.3) + mu);
  const double c_mu = std::min(1 - c_1, 2 * (mu - 2 + 1 / mu) / ((n + 2) * (n + 2) + mu));
  const double expected = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  p.mean = (p.mean + p.sigma * mean_step).cwiseMax(0.0).cwiseMin(1.0);
  p.path_sigma = (1 - c_sigma) * p.path_sigma +
                 std::sqrt(c_sigma * (2 - c_sigma) * mu) *
                     (p.axes * (p.axes.transpose() * mean_step).cwiseQuotient(p.lengths));
  const double norm = p.path_sigma.norm();
  const double settled = std::sqrt(1 - std::pow(1 - c_sigma, 2.0 * double(p.generation)));
  const double h = norm / settled < (1.4 + 2 / (n + 1)) * expected ? 1 : 0;
  p.path_c = (1 - c_c) * p.path_c + h * std::sqrt(c_c * (2 - c_c) * mu) * mean_step;
  p.covariance = (1 - c_1 - c_mu + (1 - h) * c_1 * c_c * (2 - c_c)) * p.covariance +
                 c_1 * p.path_c * p.path_c.transpose() + c_mu * y * w.asDiagonal() * y.transpose();
  p.sigma = std::min(1.0, p.sigma * std::exp(c_sigma / damping * (norm / expected - 1)));
  p.decompose();
  // Stands still: the best of the last generations are equal.
  p.bests.push_back(history_->objective(best_first.front()));
  const auto remembered = 10 + static_cast<std::size_t>(30 * n / static_cast<double>(generation));
  if (p.bests.size() > remembered) {
    p.bests.pop_front();
    const auto [low, high] = std::minmax_element(p.bests.begin(), p.bests.end());
    p.spent = p.spent || *high - *low <= 1e-12 * std::max(std::abs(*low), 1e-12);
  }
  p.spent = p.spent || p.sigma * p.lengths.maxCoeff() < smallest_sigma || !p.mean.allFinite();
}

}  // namespace twostep
