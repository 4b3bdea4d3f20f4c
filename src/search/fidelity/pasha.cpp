// Progressive ASHA (Bohdal, Balles, Wistuba, Ermis, Archambeau and Zappella, "PASHA: efficient HPO
// and NAS with progressive resource allocation", ICLR 2023, arXiv 2207.06940): ASHA by promotion,
// with two rungs at first. The next rung is opened when a trial comes to the highest one and the
// two highest rungs rank their common trials differently. The ranking is soft: a trial may stand in
// any place whose trial is within epsilon of it. Epsilon is the 90th percentile of the distances,
// at the highest rung, of pairs of trials whose learning curves cross and cross back.
#include <cmath>

#include "search/fidelity/promotion.hpp"

namespace twostep {
namespace {

constexpr double epsilon_percentile = 0.9;

class Pasha : public PromotionRule {
 public:
  Pasha(std::size_t rungs, std::uint32_t eta, bool curve_is_resource)
      : PromotionRule(rungs, eta), curve_is_resource_(curve_is_resource) {}

  void reached(TrialId trial, std::size_t rung, const Result& result) override {
    PromotionRule::reached(trial, rung, result);
    Track& track = tracks_[trial];
    track.at_rung.push_back(ranked_value(result));
    track.curve = curve_is_resource_ ? result.curve : track.at_rung;
    arrived(trial, rung);
  }
  void stopped(TrialId trial) override {
    PromotionRule::stopped(trial);
    tracks_.erase(trial);
  }
  // One that finished early counts at later rungs with what it has, but no longer in the ranking.
  void ended(TrialId trial, std::size_t passed, const Result& result) override {
    PromotionRule::ended(trial, passed, result);
    tracks_.erase(trial);
  }

 protected:
  [[nodiscard]] std::size_t top() const override { return std::min(top_, pausing_rungs()); }

 private:
  struct Track {
    std::vector<double> at_rung;
    std::vector<double> curve;
  };
  const bool curve_is_resource_;
  std::size_t top_ = 1;  // the highest rung that is open
  std::map<TrialId, Track> tracks_;
  std::vector<TrialId> at_top_;
  std::vector<double> crossing_;  // distances of pairs at the highest rung

  void arrived(TrialId trial, std::size_t rung) {
    if (rung != top_) {
      return;
    }
    for (const TrialId other : at_top_) {
      const auto found = tracks_.find(other);
      if (found != tracks_.end()) {
        note_crossing(tracks_.at(trial), found->second);
      }
    }
    at_top_.push_back(trial);
    if (!ranked_alike()) {
      ++top_;
      at_top_.clear();
      crossing_.clear();
    }
  }

  // Better, worse and better again: the order at the end is noise.
  void note_crossing(const Track& a, const Track& b) {
    const std::size_t n = std::min(a.curve.size(), b.curve.size());
    int changes = 0;
    int sign = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const int now = a.curve[i] < b.curve[i] ? -1 : a.curve[i] > b.curve[i] ? 1 : 0;
      changes += now != 0 && sign != 0 && now != sign ? 1 : 0;
      sign = now != 0 ? now : sign;
    }
    const double distance = n > 0 ? std::abs(a.curve[n - 1] - b.curve[n - 1]) : 0;
    if (changes >= 2 && std::isfinite(distance)) {
      crossing_.push_back(distance);
    }
  }

  [[nodiscard]] double epsilon() const {
    if (crossing_.empty()) {
      return 0;
    }
    std::vector<double> sorted = crossing_;
    std::sort(sorted.begin(), sorted.end());
    const double at = epsilon_percentile * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
  }

  // Whether each place of the highest rung's ranking is held by a trial that, one rung below, is
  // within epsilon of the trial in that place.
  [[nodiscard]] bool ranked_alike() const {
    const auto ranking = [&](std::size_t rung) {
      std::vector<std::pair<double, TrialId>> out;
      for (const TrialId trial : at_top_) {
        const auto found = tracks_.find(trial);
        if (found != tracks_.end()) {
          out.emplace_back(found->second.at_rung[rung], trial);
        }
      }
      std::sort(out.begin(), out.end());
      return out;
    };
    const auto above = ranking(top_);
    const auto below = ranking(top_ - 1);
    const double slack = epsilon();
    for (std::size_t i = 0; i < above.size(); ++i) {
      const double held = tracks_.at(above[i].second).at_rung[top_ - 1];
      if (std::abs(held - below[i].first) > slack) {
        return false;
      }
    }
    return true;
  }
};

}  // namespace

std::unique_ptr<FidelityRule> make_pasha(std::size_t rungs, std::uint32_t eta,
                                         bool curve_is_resource) {
  return std::make_unique<Pasha>(rungs, eta, curve_is_resource);
}

}  // namespace twostep
