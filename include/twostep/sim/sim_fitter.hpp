// A fitter whose fits take simulated time.
#pragma once

#include <cstdint>

#include "twostep/ports/clock.hpp"
#include "twostep/search/fitter.hpp"

namespace twostep {

class SimFitter : public Fitter {
 public:
  SimFitter(Proposer proposer, Clock& clock, Duration fit);
  void tell(std::vector<SearchNews> news) override;
  void ask() override;
  [[nodiscard]] std::optional<Proposal> poll() override;
  // Proposals that were fetched.
  [[nodiscard]] std::uint64_t made() const { return count_; }

 private:
  Proposer proposer_;
  Clock& clock_;
  Duration fit_;
  std::optional<Proposal> made_;
  Time ready_{};
  std::uint64_t count_ = 0;
};

}  // namespace twostep
