#include "twostep/control/cost_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace twostep {
namespace {

// Candidates for the fixed cost of a step, in FLOP: none, then 10 kFLOP to 1 GFLOP.
constexpr double least_step = 1e4;
constexpr int step_candidates = 42;
constexpr double candidates_per_decade = 8;
constexpr double cautious_share = 0.9;

double quantile(std::vector<double>& values, double share) {
  const auto at =
      values.begin() + static_cast<long>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

Work training_work(double parameters, std::uint32_t batch_size, double train_rows,
                   double validation_rows, const Budget& budget) {
  const auto amount = static_cast<double>(budget.amount);
  const double batch = std::min(static_cast<double>(batch_size), std::max(train_rows, 1.0));
  const double epoch_steps = std::max(1.0, std::ceil(train_rows / batch));
  const bool epochs = budget.unit == BudgetUnit::epochs;
  const double steps = epochs ? amount * epoch_steps : amount;
  const double every = epochs || budget.validate_every == 0
                           ? epoch_steps
                           : static_cast<double>(budget.validate_every);
  // Two operations a parameter and row forward, twice that backward.
  const double trained = epochs ? amount * train_rows : amount * batch;
  return {parameters * (6 * trained + 2 * validation_rows * std::ceil(steps / every)), steps};
}

CostModel::CostModel(const std::vector<Sample>& samples) {
  std::vector<Sample> usable;
  for (const Sample& s : samples) {
    if (s.seconds > 0 && s.work.flops > 0 && std::isfinite(s.seconds)) {
      usable.push_back(s);
    }
  }
  if (usable.empty()) {
    return;
  }
  double least_spread = std::numeric_limits<double>::infinity();
  std::vector<double> ratios(usable.size());
  for (int i = 0; i < step_candidates; ++i) {
    const double step =
        i == 0 ? 0 : least_step * std::pow(10, static_cast<double>(i - 1) / candidates_per_decade);
    const auto fill = [&] {
      std::transform(usable.begin(), usable.end(), ratios.begin(), [&](const Sample& s) {
        return std::log(s.seconds / (s.work.flops + step * s.work.steps));
      });
    };
    fill();
    const double middle = quantile(ratios, 0.5);
    for (double& r : ratios) {
      r = std::abs(r - middle);
    }
    const double spread = quantile(ratios, 0.5);
    if (spread < least_spread) {
      least_spread = spread;
      step_flops_ = step;
      typical_ = std::exp(middle);
      fill();
      cautious_ = std::exp(quantile(ratios, cautious_share));
    }
  }
  // The best of a handful says little about the worst of the next.
  constexpr double few = 10;
  const auto count = static_cast<double>(usable.size());
  cautious_ = std::max(cautious_, typical_ * (1 + 1 / std::sqrt(std::min(count, few * few))));
  calibrated_ = true;
}

double CostModel::typical_seconds(const Work& work) const {
  return typical_ * nominal(work);
}

double CostModel::cautious_seconds(const Work& work) const {
  return cautious_ * nominal(work);
}

}  // namespace twostep
