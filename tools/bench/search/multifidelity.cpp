#include "bench/search/multifidelity.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>
#include <queue>
#include <stdexcept>

#include "twostep/base/rng.hpp"
#include "twostep/search/fidelity_rule.hpp"

namespace twostep::bench {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

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

double best_of(const std::vector<double>& losses) {
  double best = infinity;
  for (const double loss : losses) {
    if (!std::isfinite(loss)) {
      return infinity;  // diverged
    }
    best = std::min(best, loss);
  }
  return best;
}

// The best loss of the worst trial that counts as good.
double good_loss(const Curves& curves, double share) {
  std::vector<double> best;
  for (const auto& curve : curves.losses) {
    best.push_back(best_of(curve));
  }
  std::sort(best.begin(), best.end());
  return best.at(static_cast<std::size_t>(share * static_cast<double>(best.size())) - 1);
}

// One study of random trials in simulated time.
class Study {
 public:
  Study(const Curves& curves, const Hunt& options, double good, std::uint32_t number, Found& found)
      : curves_(curves),
        workers_(options.workers),
        trials_(std::min<std::uint32_t>(options.trials,
                                        static_cast<std::uint32_t>(curves.losses.size()))),
        good_(good),
        order_(shuffled(curves.losses.size(), options.seed, number)),
        found_(found) {
    StudySpec spec;
    spec.search.trials = trials_;
    spec.search.budget.unit = BudgetUnit::epochs;
    spec.search.budget.amount = curves.epochs;
    spec.search.early_stopping.rule = options.rule;
    spec.promotion.finalists = 10;
    levels_ = rung_levels(spec.search);
    rule_ = make_fidelity_rule(spec);
  }

  // Whether a good trial came to its end.
  bool run() {
    for (;;) {
      while (running_.size() < workers_ && start_one()) {
      }
      if (running_.empty()) {
        found_.epochs_passed += now_;
        return false;
      }
      const Running ended = running_.top();
      running_.pop();
      now_ = ended.ends;
      if (come_to_rung(ended)) {
        // Those under way have spent what has passed of their parts.
        for (; !running_.empty(); running_.pop()) {
          const Running& other = running_.top();
          found_.epochs_spent -= static_cast<std::uint64_t>(other.ends - now_);
        }
        found_.epochs_passed += now_;
        return true;
      }
    }
  }

 private:
  struct Running {
    double ends;
    std::uint32_t trial;
    std::size_t rung;
    // Equal times: the one that was created first.
    bool operator<(const Running& o) const {
      return ends != o.ends ? ends > o.ends : trial > o.trial;
    }
  };

  const Curves& curves_;
  std::size_t workers_;
  std::uint32_t trials_;
  double good_;
  std::vector<std::size_t> order_;
  Found& found_;
  std::vector<std::uint64_t> levels_;
  std::unique_ptr<FidelityRule> rule_;
  std::vector<std::size_t> reached_;  // by trial, the rung at which it paused
  std::priority_queue<Running> running_;
  double now_ = 0;

  void train(std::uint32_t trial, std::uint64_t from, std::size_t rung) {
    const std::uint64_t epochs = levels_[rung] - from;
    found_.epochs_spent += epochs;
    running_.push({now_ + static_cast<double>(epochs), trial, rung});
  }

  bool start_one() {
    if (rule_ != nullptr) {
      if (const auto paused = rule_->next()) {
        const std::size_t rung = reached_[paused->value - 1];
        rule_->resumed(*paused);
        train(paused->value, levels_[rung], rung + 1);
        return true;
      }
    }
    if (reached_.size() == trials_) {
      return false;
    }
    reached_.push_back(0);
    const TrialId trial(static_cast<std::uint32_t>(reached_.size()));
    std::size_t first = levels_.size() - 1;
    if (rule_ != nullptr) {
      rule_->created(trial);
      first = rule_->first_rung(trial);
      if (reached_.size() == trials_) {
        rule_->all_created();
      }
    }
    train(trial.value, 0, first);
    return true;
  }

  bool come_to_rung(const Running& ended) {
    const auto& curve = curves_.losses[order_[ended.trial - 1]];
    const TrialId trial(ended.trial);
    const bool whole = ended.rung + 1 == levels_.size();
    Result result;
    result.trial = trial;
    result.epochs = levels_[ended.rung];
    result.curve.assign(curve.begin(), curve.begin() + static_cast<std::ptrdiff_t>(result.epochs));
    result.objective = best_of(result.curve);
    result.outcome = whole ? Outcome::finished : Outcome::paused;
    if (result.objective == infinity) {
      result.outcome = Outcome::diverged;
    } else if (whole && result.objective <= good_) {
      return true;
    }
    if (rule_ != nullptr) {
      if (result.outcome == Outcome::paused) {
        reached_[ended.trial - 1] = ended.rung;
        rule_->reached(trial, ended.rung, result);
      } else {
        rule_->ended(trial, std::min(ended.rung, levels_.size() - 1), result);
      }
      for (const TrialId stopped : rule_->given_up()) {
        rule_->stopped(stopped);
      }
    }
    return false;
  }
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
  for (std::uint32_t study = 1; !Study(curves, options, good, study, found).run(); ++study) {
  }
  return found;
}

}  // namespace twostep::bench
