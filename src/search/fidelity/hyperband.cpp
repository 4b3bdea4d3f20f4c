// Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, "Hyperband: a novel bandit-based
// approach to hyperparameter optimization", JMLR 18, 2018): brackets of successive halving, from
// many trials that begin with little to few that begin with the whole budget, over and over.
// Bracket s has ceil((s_max + 1) / (s + 1) * eta^s) trials; of n at its rung i the best n / eta^(i
// + 1) of the first number go on once all have come there. Trials are created while others are
// waited for, so the next bracket keeps workers busy. The last bracket is as large as search.trials
// leaves it.
#include <algorithm>
#include <map>

#include "search/fidelity/rules.hpp"
#include "twostep/base/check.hpp"

namespace twostep {
namespace {

class Hyperband : public FidelityRule {
 public:
  Hyperband(std::size_t rungs, std::uint32_t eta, std::uint32_t brackets)
      : eta_(eta), highest_(rungs - 1), sizes_(bracket_sizes(rungs, eta, brackets)) {
    for (const std::uint64_t size : sizes_) {
      cycle_ += size;
    }
  }

  [[nodiscard]] std::size_t first_rung(TrialId trial) const override {
    return kind_of(trial).first;
  }

  void created(TrialId trial) override {
    const auto [kind, number] = kind_of(trial);
    Bracket& b = brackets_[number];
    if (b.planned == 0) {
      b.planned = sizes_[kind];
      b.first = b.rung = kind;
    }
    ++b.created;
    ++b.on_the_way;
    last_ = number;
  }
  void all_created() override {
    const auto at = brackets_.find(last_);
    if (at != brackets_.end()) {
      at->second.closed = true;
      settle(at->second);
    }
  }
  void reached(TrialId trial, std::size_t, const Result& result) override {
    arrive(trial, ranked_value(result), true);
  }
  void resumed(TrialId trial) override { std::erase(going_on_, trial); }
  void stopped(TrialId trial) override { std::erase(given_up_, trial); }
  void ended(TrialId trial, std::size_t, const Result& result) override {
    Bracket& b = bracket_of(trial);
    if (b.rung == highest_) {
      return;  // the last rung decides nothing
    }
    if (result.outcome == Outcome::finished) {
      arrive(trial, ranked_value(result), false);
    } else {
      --b.on_the_way;
      settle(b);
    }
  }

  [[nodiscard]] std::optional<TrialId> next() const override {
    return going_on_.empty() ? std::nullopt : std::optional(going_on_.front());
  }
  [[nodiscard]] std::vector<TrialId> given_up() const override { return given_up_; }

 private:
  struct Member {
    double objective;
    TrialId trial;
    bool open;  // pauses; else it has finished early
    friend bool operator<(const Member& a, const Member& b) {
      return std::pair(a.objective, a.trial) < std::pair(b.objective, b.trial);
    }
  };
  struct Bracket {
    std::uint64_t planned = 0;  // trials at its first rung
    std::uint64_t created = 0;
    std::size_t first = 0;
    std::size_t rung = 0;
    std::uint64_t on_the_way = 0;  // to the rung
    bool closed = false;           // no more trials will be created
    std::vector<Member> there;
  };

  const std::uint64_t eta_;
  const std::size_t highest_;
  const std::vector<std::uint64_t> sizes_;  // of the brackets of a cycle, by first rung
  std::uint64_t cycle_ = 0;
  std::map<std::uint64_t, Bracket> brackets_;
  std::uint64_t last_ = 0;
  std::vector<TrialId> going_on_;
  std::vector<TrialId> given_up_;

  // First rung of the trial's bracket, and the bracket's number.
  [[nodiscard]] std::pair<std::size_t, std::uint64_t> kind_of(TrialId trial) const {
    std::uint64_t within = (trial.value - 1) % cycle_;
    const std::uint64_t cycles = (trial.value - 1) / cycle_;
    std::size_t kind = 0;
    while (within >= sizes_[kind]) {
      within -= sizes_[kind++];
    }
    return {kind, cycles * sizes_.size() + kind};
  }
  Bracket& bracket_of(TrialId trial) { return brackets_.at(kind_of(trial).second); }

  void arrive(TrialId trial, double objective, bool open) {
    Bracket& b = bracket_of(trial);
    TWOSTEP_CHECK(b.on_the_way > 0);
    --b.on_the_way;
    b.there.push_back({objective, trial, open});
    settle(b);
  }

  // When all have come to the rung: the best go on, the others are given up.
  void settle(Bracket& b) {
    while (b.rung < highest_ && b.on_the_way == 0 && (b.closed || b.created == b.planned)) {
      std::uint64_t share = 1;
      for (std::size_t i = b.first; i <= b.rung; ++i) {
        share *= eta_;
      }
      const std::uint64_t kept = std::max<std::uint64_t>(1, std::min(b.planned, b.created) / share);
      std::sort(b.there.begin(), b.there.end());
      std::vector<Member> stay;
      for (std::size_t i = 0; i < b.there.size(); ++i) {
        const Member& m = b.there[i];
        if (!m.open) {
          if (i < kept) {
            stay.push_back(m);
          }
        } else if (i < kept) {
          going_on_.push_back(m.trial);
          ++b.on_the_way;
        } else {
          given_up_.push_back(m.trial);
        }
      }
      const bool empty = b.there.empty();
      b.there = std::move(stay);
      ++b.rung;
      if (empty) {
        b.rung = highest_;
      }
    }
  }
};

}  // namespace

std::vector<std::uint64_t> bracket_sizes(std::size_t rungs, std::uint32_t eta,
                                         std::uint32_t brackets) {
  std::vector<std::uint64_t> out;
  const std::size_t count = brackets == 0 ? rungs : std::min<std::size_t>(brackets, rungs);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t s = rungs - 1 - i;
    std::uint64_t n = rungs;
    for (std::size_t k = 0; k < s; ++k) {
      n *= eta;
    }
    out.push_back((n + s) / (s + 1));
  }
  return out;
}

std::unique_ptr<FidelityRule> make_hyperband(std::size_t rungs, std::uint32_t eta,
                                             std::uint32_t brackets) {
  return std::make_unique<Hyperband>(rungs, eta, brackets);
}

}  // namespace twostep
