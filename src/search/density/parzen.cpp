#include "search/density/parzen.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "search/density/kernels.hpp"

namespace twostep {
namespace {

constexpr float unknown = std::numeric_limits<float>::quiet_NaN();
constexpr std::size_t block = 512;  // components that stay in the first-level cache

double normal_cumulative(double x) {
  return 0.5 * std::erfc(-x * std::numbers::sqrt2 / 2);
}

// Log of what the density of N(mean, bandwidth) truncated to [0, 1] has in front of exp.
float log_constant(double mean, double bandwidth) {
  const double mass =
      normal_cumulative((1 - mean) / bandwidth) - normal_cumulative(-mean / bandwidth);
  return static_cast<float>(-std::log(mass * bandwidth * std::sqrt(2 * std::numbers::pi)));
}

double rounded(double bandwidth) {
  return std::exp2(std::round(std::log2(bandwidth) * 16) / 16);
}

}  // namespace

ParzenMixture::ParzenMixture(const History& history, ParzenSettings settings)
    : history_(history),
      settings_(settings),
      bandwidths_(history.dimensions()),
      kept_(history.dimensions()),
      at_(history.dimensions()),
      constant_(history.dimensions()),
      active_(history.dimensions()) {}

// Scott's rule for a product kernel, with the deviation of the components that have the dimension.
double ParzenMixture::bandwidth(std::size_t dimension) const {
  double sum = 0;
  double squares = 0;
  double n = 0;
  for (const History::Row row : rows_) {
    const double u = history_.unit(row)[dimension];
    if (!std::isnan(u)) {
      sum += u;
      squares += u * u;
      ++n;
    }
  }
  const Axis& axis = history_.axes()[dimension];
  const double flat_deviation = std::sqrt(1.0 / 12);
  double deviation = flat_deviation;
  if (n > 0) {  // the flat kernel is one component
    const double mean = (sum + 0.5) / (n + 1);
    deviation = std::sqrt(std::max(0.0, (squares + 1.0 / 3) / (n + 1) - mean * mean));
  }
  const double scott =
      deviation * std::pow(n + 1, -1.0 / (static_cast<double>(history_.dimensions()) + 4));
  const double half_step = axis.levels > 0 ? 0.5 / static_cast<double>(axis.levels) : 0;
  return rounded(std::max({scott, settings_.smallest_bandwidth, half_step}));
}

void ParzenMixture::gather(std::size_t dimension) {
  const Axis& axis = history_.axes()[dimension];
  std::vector<float>& at = at_[dimension];
  std::vector<float>& constant = constant_[dimension];
  std::vector<float>& active = active_[dimension];
  at.resize(rows_.size());
  constant.resize(axis.categorical ? 0 : rows_.size());
  active.resize(axis.conditional ? rows_.size() : 0);
  std::vector<float>& kept = kept_[dimension];
  if (!axis.categorical) {
    const double now = bandwidth(dimension);
    if (now != bandwidths_[dimension]) {
      bandwidths_[dimension] = now;
      kept.assign(history_.size(), unknown);
    }
    kept.resize(history_.size(), unknown);
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const double u = history_.unit(rows_[i])[dimension];
    const bool here = !std::isnan(u);
    if (axis.conditional) {
      active[i] = here ? 1 : 0;
    }
    if (axis.categorical) {
      at[i] = here ? static_cast<float>(axis.category(u)) : -1;
      continue;
    }
    at[i] = here ? static_cast<float>(u) : 0;
    float& known = kept[rows_[i]];
    if (here && std::isnan(known)) {
      known = log_constant(u, bandwidths_[dimension]);
    }
    constant[i] = here ? known : 0;
  }
}

void ParzenMixture::fit(const std::vector<History::Row>& rows, const std::vector<double>& weights) {
  rows_ = rows;
  for (std::size_t d = 0; d < history_.dimensions(); ++d) {
    if (history_.axes()[d].levels != 1) {
      gather(d);
    }
  }
  const auto n = static_cast<double>(rows.size());
  double total = 0;
  for (const double weight : weights) {
    total += weight;
  }
  // Each kernel's weight is its share of n, the flat one's is 1.
  cumulative_.resize(rows.size() + 1);
  log_weights_.resize(rows.size());
  double sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double weight = weights.empty() ? 1 : n * weights[i] / total;
    sum += weight;
    cumulative_[i] = sum;
    log_weights_[i] = static_cast<float>(std::log(std::max(weight, 1e-30) / (n + 1)));
  }
  cumulative_[rows.size()] = n + 1;
  log_flat_ = static_cast<float>(-std::log(n + 1));
}

std::vector<double> ParzenMixture::sample(Draws& draws) const {
  const double place = draws.uniform() * cumulative_.back();
  const auto component = static_cast<std::size_t>(
      std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, place) - cumulative_.begin());
  std::vector<double> out(history_.dimensions());
  for (std::size_t d = 0; d < out.size(); ++d) {
    const Axis& axis = history_.axes()[d];
    out[d] = draws.uniform();
    const double u = component < rows_.size() ? history_.unit(rows_[component])[d]
                                              : std::numeric_limits<double>::quiet_NaN();
    if (axis.levels == 1 || std::isnan(u)) {
      continue;
    }
    if (axis.categorical) {
      out[d] = draws.uniform() < settings_.category_share ? out[d] : u;
      continue;
    }
    for (int attempt = 0; attempt < 20; ++attempt) {
      const double x = u + bandwidths_[d] * draws.normal();
      if (x >= 0 && x < 1) {
        out[d] = x;
        break;
      }
    }
  }
  return out;
}

std::vector<double> ParzenMixture::log_density(
    const std::vector<std::vector<double>>& points) const {
  std::vector<double> offset(points.size(), static_cast<double>(log_flat_));
  std::vector<double> sum(points.size(), 1);  // the flat kernel, whose density is 1
  std::vector<float> terms(block);
  for (std::size_t begin = 0; begin < rows_.size(); begin += block) {
    const std::size_t n = std::min(block, rows_.size() - begin);
    for (std::size_t p = 0; p < points.size(); ++p) {
      std::copy_n(log_weights_.begin() + static_cast<long>(begin), n, terms.begin());
      for (std::size_t d = 0; d < history_.dimensions(); ++d) {
        const Axis& axis = history_.axes()[d];
        const double u = points[p][d];
        if (axis.levels == 1 || std::isnan(u)) {
          continue;
        }
        const float* active = axis.conditional ? active_[d].data() + begin : nullptr;
        if (axis.categorical) {
          const auto k = static_cast<double>(axis.levels);
          const double share = settings_.category_share;
          add_category(terms.data(), at_[d].data() + begin, active, n,
                       static_cast<float>(axis.category(u)),
                       static_cast<float>(std::log((1 - share) * k + share)),
                       static_cast<float>(std::log(share)));
        } else {
          const double precision = 1 / (bandwidths_[d] * bandwidths_[d]);
          add_normal(terms.data(), at_[d].data() + begin, constant_[d].data() + begin, active, n,
                     static_cast<float>(u), static_cast<float>(precision / 2));
        }
      }
      const auto top = static_cast<double>(largest(terms.data(), n));
      if (top > offset[p]) {
        sum[p] *= std::exp(offset[p] - top);
        offset[p] = top;
      }
      sum[p] += sum_of_exponentials(terms.data(), n, static_cast<float>(offset[p]));
    }
  }
  for (std::size_t p = 0; p < points.size(); ++p) {
    sum[p] = offset[p] + std::log(sum[p]);
  }
  return sum;
}

}  // namespace twostep
