#include "bench/search/multifidelity.hpp"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <stdexcept>

#include "bench/search/rung_study.hpp"
#include "twostep/base/rng.hpp"

namespace twostep::bench {
namespace {

std::vector<std::size_t> shuffled(std::size_t n, std::uint64_t seed, std::uint32_t study) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const Rng rng(seed, Purpose::simulation, study);
  for (std::size_t i = n; i > 1; --i) {
    std::swap(order[i - 1],
              order[static_cast<std::size_t>(rng.uniform(i) * static_cast<double>(i))]);
  }
  return order;
}

// The best loss of the worst trial that counts as good.
double good_loss(const Curves& curves, double share) {
  std::vector<double> best;
  for (const auto& curve : curves.losses) {
    best.push_back(best_loss(curve));
  }
  std::sort(best.begin(), best.end());
  return best.at(static_cast<std::size_t>(share * static_cast<double>(best.size())) - 1);
}

// Curves in random order, until a good one was trained to its end.
class RandomCurves : public Trainings {
 public:
  RandomCurves(const Curves& curves, double good, std::uint64_t seed, std::uint32_t study)
      : curves_(curves), good_(good), order_(shuffled(curves.losses.size(), seed, study)) {}

  [[nodiscard]] std::vector<double> losses(TrialId trial, std::uint64_t epochs) const override {
    const auto& curve = curves_.losses[order_[trial.value - 1]];
    return {curve.begin(), curve.begin() + static_cast<std::ptrdiff_t>(epochs)};
  }
  void ended(TrialId, const Result& result) override {
    found_ = found_ || (result.outcome == Outcome::finished && result.objective <= good_);
  }
  [[nodiscard]] bool is_enough(std::uint64_t) const override { return found_; }

 private:
  const Curves& curves_;
  double good_;
  std::vector<std::size_t> order_;
  bool found_ = false;
};

}  // namespace

Curves read_curves(const std::string& path) {
  std::ifstream in(path);
  std::size_t trials = 0;
  Curves out;
  if (!(in >> trials >> out.epochs) || trials == 0 || out.epochs == 0) {
    throw std::runtime_error("not a table of curves: " + path);
  }
  out.losses.assign(trials, std::vector<double>(out.epochs));
  std::string word;
  for (auto& curve : out.losses) {
    for (double& loss : curve) {
      if (!(in >> word)) {
        throw std::runtime_error("the table of curves is cut short: " + path);
      }
      loss = std::stod(word);  // nan and inf too
    }
  }
  return out;
}

Found hunt(const Curves& curves, const Hunt& options, double share) {
  const double good = good_loss(curves, share);
  Found found;
  for (std::uint32_t number = 1;; ++number) {
    RandomCurves trainings(curves, good, options.seed, number);
    const auto count = static_cast<std::uint32_t>(curves.losses.size());
    RungStudy study({options.rule, options.workers, std::min(options.trials, count), curves.epochs},
                    trainings);
    const bool enough = study.run();
    found.epochs_spent += study.epochs_spent();
    found.epochs_passed += study.epochs_passed();
    if (enough) {
      return found;
    }
  }
}

}  // namespace twostep::bench
