// Asynchronous successive halving, the promotion variant (algorithm 2 of Li et al., "A system for
// massively parallel hyperparameter tuning", MLSys 2020): every trial pauses at its rung, and is
// promoted once it is among the best floor(n / eta) of the n that have come there.
#include "search/fidelity/promotion.hpp"

namespace twostep {

std::unique_ptr<FidelityRule> make_asha_promotion(std::size_t rungs, std::uint32_t eta) {
  return std::make_unique<PromotionRule>(rungs, eta);
}

}  // namespace twostep
