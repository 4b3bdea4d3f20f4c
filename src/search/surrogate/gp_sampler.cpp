// Bayesian optimisation with a Gaussian process (Snoek, Larochelle and Adams, "Practical Bayesian
// optimization of machine learning algorithms", NIPS 2012): Matern 5/2, a length scale for every
// dimension, log expected improvement. Where trials are pending, they are taken as seen at their
// predicted mean (the kriging believer of Ginsbourger, Le Riche and Carraro, 2010), which leaves
// the mean as it is and takes the uncertainty away around them, and the point minimises a
// confidence bound whose width is drawn for each trial and decays periodically (Egele et al.,
// "Asynchronous decentralized Bayesian optimization for large scale hyperparameter optimization",
// eScience 2023), so that hundreds of workers do not all wait at one place.
//
// Length scales are fitted again whenever the history has grown by a seventh, from at most 150
// trials; from 1,000 on the process sees 500 of the best, 500 others, and what came since.
#include <algorithm>
#include <cmath>
#include <set>

#include "search/model_sampler.hpp"
#include "search/neighbour.hpp"
#include "search/samplers.hpp"
#include "search/surrogate/growing_cholesky.hpp"
#include "search/surrogate/matern.hpp"
#include "search/surrogate/targets.hpp"

namespace twostep {
namespace {

constexpr double growth = 1.15;
constexpr std::size_t most_fitted = 150;
constexpr std::size_t most_exact = 1000;
constexpr std::size_t most_pending = 64;     // believed; the newest
constexpr std::size_t candidate_block = 64;  // candidates at a time
constexpr std::size_t gp_refined = 4;
constexpr std::size_t gp_listed = 12;
constexpr double gp_jitter = 1e-8;
constexpr double mean_width = 1.96;
constexpr double decay = 0.1;
constexpr std::uint32_t period = 25;

class GpSampler : public ModelSampler {
 public:
  GpSampler(const Space& space, std::uint64_t seed, std::size_t startup)
      : ModelSampler(space, seed, startup), startup_(startup) {}

  [[nodiscard]] bool needs_fit() const override { return knows_enough(); }

 private:
  struct Scored {
    double score;
    std::vector<double> unit;
    std::vector<double> snapped;
  };
  std::size_t startup_;
  // A function of the first `fitted_` trials that ended.
  mutable std::size_t fitted_ = 0;
  mutable GpSettings settings_;
  mutable std::vector<History::Row> base_;
  // The rows of the factor: base_, those that ended since, the newest pending ones.
  mutable std::vector<History::Row> rows_;
  mutable GrowingCholesky factor_;
  mutable std::vector<double> alpha_;
  mutable double variance_ = 1;
  mutable double best_ = 0;

  // `count` rows of the first n that ended: the best half, and the others evenly over time.
  [[nodiscard]] std::vector<History::Row> part(std::size_t n, std::size_t count) const {
    std::vector<History::Row> rows(history().ended().begin(),
                                   history().ended().begin() + static_cast<long>(n));
    if (n <= count) {
      return rows;
    }
    std::stable_sort(rows.begin(), rows.end(), [&](History::Row a, History::Row b) {
      return history().objective(a) < history().objective(b);
    });
    const std::size_t others = count - count / 2;
    std::vector<History::Row> rest(rows.begin() + static_cast<long>(count / 2), rows.end());
    std::sort(rest.begin(), rest.end());
    rows.resize(count / 2);
    for (std::size_t i = 0; i < others; ++i) {
      rows.push_back(rest[i * rest.size() / others]);
    }
    return rows;
  }
  void fit() const {
    const std::size_t n = history().ended().size();
    std::size_t wanted = startup_;
    for (auto next = wanted; next <= n;
         next = std::max(wanted + 1, static_cast<std::size_t>(growth * double(wanted)))) {
      wanted = next;
    }
    if (wanted == fitted_) {
      return;
    }
    fitted_ = wanted;
    const auto rows = part(wanted, most_fitted);
    std::vector<std::span<const double>> points;
    for (const History::Row row : rows) {
      points.push_back(history().unit(row));
    }
    settings_ = fit_gp(history().axes(), points, surrogate_targets(history(), rows));
    base_ = part(wanted, most_exact);
    rows_.clear();
    factor_.clear();
  }
  // Keeps the rows of the factor that stand where they should, and appends the others.
  void extend() const {
    std::vector<History::Row> rows = base_;
    rows.insert(rows.end(), history().ended().begin() + static_cast<long>(fitted_),
                history().ended().end());
    const std::size_t seen = rows.size();
    const auto& pending = history().pending();
    auto at = pending.end();
    for (std::size_t i = 0; i < most_pending && at != pending.begin(); ++i) {
      --at;
    }
    rows.insert(rows.end(), at, pending.end());
    const auto [mine, theirs] = std::mismatch(rows_.begin(), rows_.end(), rows.begin(), rows.end());
    rows_.resize(static_cast<std::size_t>(mine - rows_.begin()));
    factor_.truncate(rows_.size());
    std::vector<double> row;
    while (rows_.size() < rows.size()) {
      const History::Row next = rows[rows_.size()];
      row.clear();
      for (const History::Row before : rows_) {
        row.push_back(
            correlation(history().axes(), settings_, history().unit(next), history().unit(before)));
      }
      factor_.append(row, 1 + settings_.noise + gp_jitter, settings_.noise + gp_jitter);
      rows_.push_back(next);
    }
    rows.resize(seen);
    alpha_ = surrogate_targets(history(), rows);
    best_ = *std::min_element(alpha_.begin(), alpha_.end());
    factor_.solve_lower(alpha_);
    double squares = 0;
    for (const double a : alpha_) {
      squares += a * a;
    }
    variance_ = std::max(1e-6, squares / static_cast<double>(seen));
    factor_.solve_upper(alpha_);
  }
  void score(std::vector<std::vector<double>> units, double width, std::vector<Scored>& out) const {
    for (std::size_t begin = 0; begin < units.size(); begin += candidate_block) {
      const std::size_t n = std::min(candidate_block, units.size() - begin);
      std::vector<std::vector<double>> snapped;
      for (std::size_t i = 0; i < n; ++i) {
        snapped.push_back(history().snap(units[begin + i]));
      }
      std::vector<double> k(rows_.size() * n);
      std::vector<double> mean(n);
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        for (std::size_t i = 0; i < n; ++i) {
          k[r * n + i] =
              correlation(history().axes(), settings_, history().unit(rows_[r]), snapped[i]);
          mean[i] += r < alpha_.size() ? alpha_[r] * k[r * n + i] : 0;
        }
      }
      factor_.solve_lower(k, n);
      std::vector<double> explained(n);
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        for (std::size_t i = 0; i < n; ++i) {
          explained[i] += k[r * n + i] * k[r * n + i];
        }
      }
      for (std::size_t i = 0; i < n; ++i) {
        const double deviation = std::sqrt(variance_ * std::max(1e-10, 1 - explained[i]));
        out.push_back({width > 0 ? width * deviation - mean[i]
                                 : log_expected_improvement(mean[i], deviation, best_),
                       std::move(units[begin + i]), std::move(snapped[i])});
      }
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const Scored& a, const Scored& b) { return a.score > b.score; });
  }
  [[nodiscard]] std::vector<std::vector<double>> choose(TrialId next) const override {
    if (history().finished_count() == 0) {
      return {};
    }
    fit();
    extend();
    Draws draws(candidate_rng(seed(), next));
    double width = 0;
    if (!history().pending().empty()) {
      width = -mean_width * std::log1p(-draws.uniform()) * std::exp(-decay * (next.value % period));
      width = std::max(width, 1e-3);
    }
    std::vector<Scored> scored;
    score(acquisition_candidates(history(), 2 * candidate_block, 2 * candidate_block, draws), width,
          scored);
    for (const double deviation : {0.05, 0.01}) {
      std::vector<std::vector<double>> units;
      for (std::size_t i = 0; i < candidate_block; ++i) {
        units.push_back(
            neighbour(history(), scored[i % gp_refined].snapped, deviation, 0.5, draws));
      }
      score(std::move(units), width, scored);
    }
    std::vector<std::vector<double>> out;
    for (std::size_t i = 0; i < gp_listed; ++i) {
      out.push_back(std::move(scored[i].unit));
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Sampler> make_gp_sampler(const Space& space, std::uint64_t seed,
                                         std::uint32_t startup) {
  return std::make_unique<GpSampler>(space, seed, std::max(startup, 1U));
}

}  // namespace twostep
