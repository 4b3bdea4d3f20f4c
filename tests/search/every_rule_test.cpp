// Every early-stopping rule under many random settings and courses of events, parallel and with
// failures: what it says is what its definition says, the same history gives the same decisions,
// and every trial ends.
#include <gtest/gtest.h>

#include <functional>

#include "rule_reference.hpp"
#include "search/draws.hpp"
#include "search/fidelity/rules.hpp"
#include "support/effort.hpp"

namespace twostep {
namespace {

using test::Fact;
using test::Known;
using test::RuleSettings;
using test::Says;

enum class Fate { mixed, equal, not_numbers, failures, early };
constexpr std::size_t fates = 5;

std::unique_ptr<FidelityRule> make_rule(const RuleSettings& s) {
  switch (s.rule) {
    case StoppingRule::asha:
      return make_asha(s.rungs, s.eta);
    case StoppingRule::asha_promotion:
      return make_asha_promotion(s.rungs, s.eta);
    case StoppingRule::pasha:
      return make_pasha(s.rungs, s.eta, true);
    case StoppingRule::hyperband:
      return make_hyperband(s.rungs, s.eta, s.brackets);
    case StoppingRule::median:
      return make_median(s.rungs, s.startup);
    case StoppingRule::percentile:
      return make_percentile(s.rungs, s.startup, s.percentile);
    default:
      return make_one_epoch(s.rungs, s.top_k);
  }
}

RuleSettings random_settings(StoppingRule rule, Draws& draws) {
  RuleSettings s;
  s.rule = rule;
  s.rungs = rule == StoppingRule::one_epoch ? 2 : 2 + draws.below(4);
  s.eta = static_cast<std::uint32_t>(2 + draws.below(4));
  s.brackets = static_cast<std::uint32_t>(draws.below(s.rungs + 2));
  s.startup = draws.below(7);
  s.percentile =
      draws.below(4) == 0 ? 100.0 * static_cast<double>(draws.below(2)) : 100 * draws.uniform();
  s.top_k = 1 + draws.below(8);
  return s;
}

// What a rule was told, so that another one can be told the same.
using Call = std::function<void(FidelityRule&)>;

std::vector<std::uint32_t> numbers(const std::vector<TrialId>& trials) {
  std::vector<std::uint32_t> out;
  for (const TrialId t : trials) {
    out.push_back(t.value);
  }
  return out;
}

std::string words(const FidelityRule& rule) {
  std::string out = rule.next() ? std::to_string(rule.next()->value) : "-";
  for (const std::uint32_t t : numbers(rule.given_up())) {
    out += " " + std::to_string(t);
  }
  return out;
}

// Plays the coordinator and its workers.
class Play {
 public:
  Play(const RuleSettings& settings, Fate fate, std::uint32_t trials, std::size_t workers,
       Draws& draws)
      : s_(settings),
        fate_(fate),
        trials_(trials),
        workers_(workers),
        draws_(draws),
        rule_(make_rule(s_)) {}

  void run() {
    // Each step takes a trial a rung further, ends one, or loses a worker, of which there are few.
    const std::size_t most = trials_ * (s_.rungs + 1) * 40;
    for (std::size_t step = 0; done_ < trials_; ++step) {
      ASSERT_LT(step, most) << "the study does not end";
      hand_out();
      if (testing::Test::HasFatalFailure() || done_ == trials_) {
        return;
      }
      ASSERT_FALSE(under_way_.empty());
      proceed(draws_.below(under_way_.size()));
      if (testing::Test::HasFatalFailure()) {
        return;
      }
    }
    EXPECT_TRUE(k_.paused.empty());
    EXPECT_EQ(rule_->next(), std::nullopt);
    EXPECT_TRUE(rule_->given_up().empty());
  }

  // Another rule that is told the same says the same after each call.
  void replay() const {
    const auto rule = make_rule(s_);
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      calls_[i](*rule);
      ASSERT_EQ(words(*rule), said_[i]) << "call " << i;
    }
  }

 private:
  struct UnderWay {
    std::uint32_t trial;
    std::size_t rung;  // that it is on the way to
  };
  const RuleSettings s_;
  const Fate fate_;
  const std::uint32_t trials_;
  const std::size_t workers_;
  Draws& draws_;
  std::unique_ptr<FidelityRule> rule_;
  std::vector<Call> calls_;
  std::vector<std::string> said_;
  Known k_;
  std::vector<UnderWay> under_way_;
  std::vector<UnderWay> waiting_;  // their worker was lost
  std::map<std::uint32_t, std::vector<double>> curves_;
  std::map<std::uint32_t, std::size_t> passed_;
  std::set<std::size_t> disordered_;  // rungs whose ranking is not that of the rung below
  std::size_t done_ = 0;

  void tell(Call call) {
    call(*rule_);
    calls_.push_back(std::move(call));
    said_.push_back(words(*rule_));
    check();
  }

  void check() {
    const Says says = test::expected(s_, k_);
    std::vector<std::uint32_t> given_up = numbers(rule_->given_up());
    std::sort(given_up.begin(), given_up.end());
    ASSERT_EQ(given_up, says.given_up);
    const auto next = rule_->next();
    if (next) {
      ASSERT_NE(std::find(says.go_on.begin(), says.go_on.end(), next->value), says.go_on.end())
          << next->value << " must not go on";
    }
    const bool in_order = s_.rule != StoppingRule::pasha && s_.rule != StoppingRule::hyperband &&
                          s_.rule != StoppingRule::one_epoch;
    if (s_.rule == StoppingRule::pasha) {
      check_pasha(next, says.go_on);
    } else {
      ASSERT_EQ(next.has_value(), !says.go_on.empty());
      ASSERT_TRUE(!next || !in_order || next->value == says.go_on.front());
    }
  }

  // Rungs above the second have candidates once the ranking has changed, and not before.
  void check_pasha(std::optional<TrialId> next, const std::vector<std::uint32_t>& promotable) {
    if (!promotable.empty()) {
      const bool first =
          std::any_of(promotable.begin(), promotable.end(),
                      [&](std::uint32_t trial) { return k_.facts[k_.paused.at(trial)].rung == 0; });
      ASSERT_TRUE(next || !first) << "the first rung is always open";
    }
    if (next) {
      const std::size_t rung = k_.facts[k_.paused.at(next->value)].rung;
      ASSERT_TRUE(rung == 0 || disordered_.count(rung) > 0)
          << "rung " << rung << " was opened with nothing out of order";
    }
  }

  // Whether the trials at a rung have another order there than one rung below.
  void note_order(std::size_t rung) {
    std::vector<std::pair<double, double>> both;  // value at the rung below, at the rung
    for (const Fact& f : k_.facts) {
      if (f.kind == Fact::Kind::reached && f.rung == rung) {
        for (const Fact& g : k_.facts) {
          if (g.kind == Fact::Kind::reached && g.rung + 1 == rung && g.trial == f.trial) {
            both.emplace_back(test::known_value(g.result.objective),
                              test::known_value(f.result.objective));
          }
        }
      }
    }
    for (const auto& a : both) {
      for (const auto& b : both) {
        if (a.first < b.first && !(a.second < b.second)) {
          disordered_.insert(rung);
        }
      }
    }
  }

  void hand_out() {
    while (!rule_->given_up().empty()) {
      stop(rule_->given_up().front());
      if (testing::Test::HasFatalFailure()) {
        return;
      }
    }
    while (under_way_.size() < workers_) {
      if (!waiting_.empty()) {
        send(waiting_.front(), passed_.count(waiting_.front().trial) > 0);
        waiting_.erase(waiting_.begin());
      } else if (const auto next = rule_->next()) {
        const std::size_t rung = k_.facts[k_.paused.at(next->value)].rung + 1;
        k_.paused.erase(next->value);
        send({next->value, rung}, true);
      } else if (k_.created < trials_) {
        create();
      } else {
        break;
      }
      if (testing::Test::HasFatalFailure()) {
        return;
      }
    }
    if (under_way_.empty()) {  // nobody is to go on: the rest has come as far as it will
      while (!k_.paused.empty() && !testing::Test::HasFatalFailure()) {
        stop(TrialId(k_.paused.begin()->first));
      }
    }
  }

  void create() {
    const TrialId trial(++k_.created);
    tell([=](FidelityRule& r) { r.created(trial); });
    const std::size_t first = rule_->first_rung(trial);
    ASSERT_LT(first, s_.rungs);
    if (k_.created == trials_) {
      k_.all_created = true;
      tell([](FidelityRule& r) { r.all_created(); });
    }
    under_way_.push_back({trial.value, first});
  }

  // A trial that had paused is sent on; the rule is told that again where a worker was lost.
  void send(UnderWay what, bool resumed) {
    under_way_.push_back(what);
    if (resumed) {
      tell([=](FidelityRule& r) { r.resumed(TrialId(what.trial)); });
    }
  }

  void stop(TrialId trial) {
    ASSERT_EQ(k_.paused.erase(trial.value), 1U) << trial.value << " does not pause";
    ++done_;
    tell([=](FidelityRule& r) { r.stopped(trial); });
  }

  double draw_value() {
    switch (fate_) {
      case Fate::equal:
        return 0.5;
      case Fate::not_numbers: {
        const std::uint64_t luck = draws_.below(6);
        return luck == 0   ? std::numeric_limits<double>::quiet_NaN()
               : luck == 1 ? std::numeric_limits<double>::infinity()
                           : draws_.uniform();
      }
      default:
        return draws_.below(3) == 0 ? static_cast<double>(draws_.below(4)) : 3 * draws_.uniform();
    }
  }

  void proceed(std::size_t index) {
    const UnderWay now = under_way_[index];
    under_way_.erase(under_way_.begin() + static_cast<long>(index));
    if (draws_.below(12) == 0) {
      waiting_.push_back(now);
      return;
    }
    std::vector<double>& curve = curves_[now.trial];
    for (std::uint64_t n = 1 + draws_.below(3); n > 0; --n) {
      curve.push_back(draw_value());
    }
    Result r;
    r.trial = TrialId(now.trial);
    r.curve = curve;
    r.objective = curve.front();
    for (const double v : curve) {
      r.objective = v < r.objective ? v : r.objective;
    }
    const std::uint64_t luck = draws_.below(10);
    const bool fails = fate_ == Fate::failures || luck == 0;
    const bool early = luck == 1 || (fate_ == Fate::early && luck < 7);
    const std::size_t passed = passed_.count(now.trial) > 0 ? passed_[now.trial] : 0;
    const std::size_t at = k_.facts.size();
    if (fails || early || now.rung + 1 == s_.rungs) {
      r.outcome = fails ? Outcome::diverged : Outcome::finished;
      ++done_;
      k_.facts.push_back({Fact::Kind::ended, now.trial, passed, r});
      tell([=, trial = now.trial](FidelityRule& rule) { rule.ended(TrialId(trial), passed, r); });
      return;
    }
    r.outcome = Outcome::paused;
    k_.facts.push_back({Fact::Kind::reached, now.trial, now.rung, r});
    k_.paused[now.trial] = at;
    passed_[now.trial] = now.rung + 1;
    note_order(now.rung);
    tell([=](FidelityRule& rule) { rule.reached(TrialId(now.trial), now.rung, r); });
  }
};

class EveryRule : public testing::TestWithParam<std::size_t> {};

TEST_P(EveryRule, SaysWhatItsDefinitionSays) {
  const auto rule = static_cast<StoppingRule>(GetParam());
  for (std::uint64_t seed = 1; seed <= test::cases(300); ++seed) {
    Draws draws(Rng(seed, Purpose::simulation, GetParam()));
    const RuleSettings s = random_settings(rule, draws);
    const auto fate = static_cast<Fate>(seed % fates);
    const auto trials = static_cast<std::uint32_t>(1 + draws.below(50));
    const std::size_t workers = 1 + draws.below(12);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + std::to_string(trials) + " trials, " +
                 std::to_string(workers) + " workers, " + std::to_string(s.rungs) + " rungs, eta " +
                 std::to_string(s.eta) + ", fate " + std::to_string(seed % fates));
    Play play(s, fate, trials, workers, draws);
    play.run();
    ASSERT_FALSE(HasFailure());
    play.replay();
    ASSERT_FALSE(HasFailure());
  }
}

INSTANTIATE_TEST_SUITE_P(Fidelity, EveryRule,
                         testing::Range(std::size_t{1}, stopping_rule_names().size()),
                         [](const auto& each) { return stopping_rule_names()[each.param]; });

}  // namespace
}  // namespace twostep
