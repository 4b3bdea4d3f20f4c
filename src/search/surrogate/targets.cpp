#include "search/surrogate/targets.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "search/neighbour.hpp"

namespace twostep {
namespace {

constexpr double clip = 3;    // in distances from the best to the median
constexpr double tail = -25;  // below it the density is expanded
constexpr std::size_t incumbents = 10;

}  // namespace

std::vector<double> surrogate_targets(const History& history,
                                      const std::vector<History::Row>& rows) {
  std::vector<double> finite;
  for (const History::Row row : rows) {
    if (std::isfinite(history.objective(row))) {
      finite.push_back(history.objective(row));
    }
  }
  std::vector<double> out(rows.size(), 0);
  if (finite.empty()) {
    return out;
  }
  const bool positive = *std::min_element(finite.begin(), finite.end()) > 0;
  const auto transformed = [&](double y) { return positive ? std::log(y) : y; };
  const double best = transformed(*std::min_element(finite.begin(), finite.end()));
  const auto middle = finite.begin() + static_cast<long>(finite.size() / 2);
  std::nth_element(finite.begin(), middle, finite.end());
  const double median = transformed(*middle);
  double worst = transformed(*std::max_element(finite.begin(), finite.end()));
  if (median > best) {
    worst = std::min(worst, median + clip * (median - best));
  }
  double sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double y = history.objective(rows[i]);
    out[i] = std::isfinite(y) ? std::min(worst, transformed(y)) : worst;
    sum += out[i];
  }
  const double mean = sum / static_cast<double>(rows.size());
  double squares = 0;
  for (double& y : out) {
    y -= mean;
    squares += y * y;
  }
  const double deviation = std::sqrt(squares / static_cast<double>(rows.size()));
  const bool equal = !(deviation > 1e-12 * std::max(1e-300, std::abs(mean)));
  for (double& y : out) {
    y = equal || !std::isfinite(deviation) ? 0 : y / deviation;
  }
  return out;
}

double log_expected_improvement(double mean, double deviation, double best) {
  const double z = (best - mean) / deviation;
  const double log_density = -0.5 * z * z - 0.5 * std::log(2 * std::numbers::pi);
  if (z < tail) {  // phi + z Phi = phi (1 / z^2 - 3 / z^4 + 15 / z^6 - ...)
    const double q = 1 / (z * z);
    return std::log(deviation) + log_density + std::log(q * (1 - q * (3 - 15 * q)));
  }
  const double cumulative = 0.5 * std::erfc(-z / std::numbers::sqrt2);
  return std::log(deviation) + std::log(std::exp(log_density) + z * cumulative);
}

std::vector<std::vector<double>> acquisition_candidates(const History& history, std::size_t random,
                                                        std::size_t steps, Draws& draws) {
  std::vector<std::vector<double>> out;
  for (std::size_t i = 0; i < random; ++i) {
    std::vector<double> unit(history.dimensions());
    for (double& u : unit) {
      u = draws.uniform();
    }
    out.push_back(std::move(unit));
  }
  std::vector<History::Row> best;
  for (const auto& [objective, row] : history.ranked()) {
    if (best.size() == incumbents) {
      break;
    }
    best.push_back(row);
  }
  for (std::size_t i = 0; i < steps && !best.empty(); ++i) {
    const double deviation = 0.2 * std::pow(0.1, draws.uniform());
    const double share = draws.uniform() < 0.5 ? 0 : 0.4;
    out.push_back(neighbour(history, history.unit(best[i % best.size()]), deviation, share, draws));
  }
  return out;
}

}  // namespace twostep
