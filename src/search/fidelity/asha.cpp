// Asynchronous successive halving, the stopping variant (Li, Jamieson, Rostamizadeh, Gonina,
// Ben-tzur, Hardt, Recht and Talwalkar, "A system for massively parallel hyperparameter tuning",
// MLSys 2020): a trial that comes to a rung goes on at once if it is among the best 1 / eta of
// those that have come there so far, or the best of fewer than eta; otherwise it is given up for
// ever.
#include "search/fidelity/halving_rung.hpp"
#include "search/fidelity/verdicts.hpp"

namespace twostep {
namespace {

class Asha : public VerdictRule {
 public:
  Asha(std::size_t rungs, std::uint32_t eta) : rungs_(rungs - 1, HalvingRung(eta, 1)) {}

  void reached(TrialId trial, std::size_t rung, const Result& result) override {
    rungs_.at(rung).add(ranked_value(result), trial, false);
    if (rungs_[rung].is_best(ranked_value(result), trial)) {
      go_on(trial);
    } else {
      give_up(trial);
    }
  }
  // One that finished early would have come to the later rungs with what it has.
  void ended(TrialId trial, std::size_t passed, const Result& result) override {
    for (std::size_t i = passed; result.outcome == Outcome::finished && i < rungs_.size(); ++i) {
      rungs_[i].add(ranked_value(result), trial, false);
    }
  }

 private:
  std::vector<HalvingRung> rungs_;
};

}  // namespace

std::unique_ptr<FidelityRule> make_asha(std::size_t rungs, std::uint32_t eta) {
  return std::make_unique<Asha>(rungs, eta);
}

}  // namespace twostep
