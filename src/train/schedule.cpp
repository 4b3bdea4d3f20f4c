#include "twostep/train/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace twostep {
namespace {

// From a to b along half a cosine, u in [0, 1].
double half_cosine(double a, double b, double u) {
  return b + 0.5 * (a - b) * (1 + std::cos(std::numbers::pi * u));
}

double one_cycle(double u) {
  constexpr double rise = 0.3;
  constexpr double first = 1.0 / 25;
  constexpr double last = first / 1e4;
  return u < rise ? half_cosine(first, 1, u / rise) : half_cosine(1, last, (u - rise) / (1 - rise));
}

}  // namespace

double learning_rate_at(const TrainingSettings& settings, std::uint64_t step, std::uint64_t total) {
  const auto at = static_cast<double>(step);
  const auto all = static_cast<double>(total);
  const double warm = settings.warmup * all;
  if (at < warm) {
    return settings.learning_rate * std::min(1.0, (at + 1) / warm);
  }
  const double u = all > warm ? (at - warm) / (all - warm) : 0;
  const double factor = settings.schedule_factor;
  const auto count = static_cast<double>(settings.schedule_count);
  double part = 1;
  switch (settings.schedule) {
    case ScheduleKind::constant:
    case ScheduleKind::reduce_on_plateau:
      break;
    case ScheduleKind::cosine:
      part = half_cosine(1, 0, u);
      break;
    case ScheduleKind::linear:
      part = 1 - u;
      break;
    case ScheduleKind::step:
      part = std::pow(factor, std::floor(u * (count + 1)));
      break;
    case ScheduleKind::exponential:
      part = std::pow(factor, u);
      break;
    case ScheduleKind::one_cycle:
      part = one_cycle(u);
      break;
    case ScheduleKind::cyclic: {
      const double within = u * count - std::floor(u * count);
      part = factor + (1 - factor) * (1 - std::abs(2 * within - 1));
      break;
    }
  }
  return settings.learning_rate * part;
}

}  // namespace twostep
