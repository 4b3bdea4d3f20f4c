#include "search/fidelity/rules.hpp"

namespace twostep {

std::unique_ptr<FidelityRule> make_fidelity_rule(const StudySpec& spec) {
  const EarlyStoppingSpec& e = spec.search.early_stopping;
  if (e.rule == StoppingRule::none) {
    return nullptr;
  }
  const std::size_t rungs = rung_levels(spec.search).size();
  switch (e.rule) {
    case StoppingRule::asha:
      return make_asha(rungs, e.reduction_factor);
    case StoppingRule::asha_promotion:
      return make_asha_promotion(rungs, e.reduction_factor);
    case StoppingRule::pasha:
      return make_pasha(
          rungs, e.reduction_factor,
          e.fidelity == Fidelity::budget && spec.search.budget.unit == BudgetUnit::epochs);
    case StoppingRule::hyperband:
      return make_hyperband(rungs, e.reduction_factor, e.brackets);
    case StoppingRule::median:
      return make_median(rungs, e.startup_trials);
    case StoppingRule::percentile:
      return make_percentile(rungs, e.startup_trials, e.percentile);
    case StoppingRule::one_epoch:
      return make_one_epoch(rungs, e.top_k > 0 ? e.top_k : spec.promotion.finalists);
    case StoppingRule::none:
      break;
  }
  return nullptr;
}

}  // namespace twostep
