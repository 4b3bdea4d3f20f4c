#include "twostep/control/invariants.hpp"

#include <algorithm>
#include <cmath>

namespace twostep {
namespace {

class Checker {
 public:
  explicit Checker(const State& state) : s_(state) {}

  std::vector<std::string> run() {
    check_trials();
    check_open();
    check_finalists();
    return std::move(out_);
  }

 private:
  const State& s_;
  std::vector<std::string> out_;

  void expect(bool holds, const std::string& what) {
    if (!holds) {
      out_.push_back(what);
    }
  }

  void check_trials() {
    std::uint32_t done = 0;
    std::uint32_t finished = 0;
    std::uint32_t diverged = 0;
    for (std::size_t i = 0; i < s_.trials.size(); ++i) {
      const TrialRecord& t = s_.trials[i];
      const std::string who = "trial " + std::to_string(i + 1);
      expect(t.id.value == i + 1, who + " has another id");
      const bool waits = s_.waiting.count(t.id) > 0;
      expect(waits == (t.status == TrialStatus::waiting), who + ": waiting, or not listed as such");
      if (t.status == TrialStatus::done) {
        ++done;
        finished += t.result.outcome == Outcome::finished ? 1 : 0;
        diverged += t.result.outcome == Outcome::diverged ? 1 : 0;
        expect(t.result.outcome != Outcome::interrupted, who + " is done but was interrupted");
        expect(std::isfinite(t.result.objective) == (t.result.outcome == Outcome::finished),
               who + ": an objective without success, or success without one");
      }
      expect(t.attempts >= t.crashes + t.unclean_ends, who + " ended more often than it began");
    }
    expect(done == s_.trials_done, "the number of trials done is wrong");
    expect(finished == s_.trials_finished, "the number of trials finished is wrong");
    expect(diverged == s_.trials_diverged, "the number of trials diverged is wrong");
    expect(done - finished - diverged == s_.trials_failed, "the number of trials failed is wrong");
  }

  void check_open() {
    std::set<TrialId> trials;
    std::uint32_t retraining = 0;
    for (const auto& [id, a] : s_.open) {
      const std::string who = "assignment " + std::to_string(id.value);
      expect(id <= s_.last_assignment, who + " has a number that was not given out");
      expect(a.run == s_.run.run, who + " is of another run");
      expect(!a.team.empty(), who + " belongs to nobody");
      if (a.kind == AssignmentKind::trial) {
        expect(trials.insert(a.trial).second, who + ": its trial is under way twice");
        expect(s_.trial(a.trial).status == TrialStatus::running, who + ": its trial does not run");
      }
      retraining += a.kind == AssignmentKind::retrain ? 1 : 0;
    }
    const auto running =
        std::count_if(s_.trials.begin(), s_.trials.end(),
                      [](const TrialRecord& t) { return t.status == TrialStatus::running; });
    expect(static_cast<std::size_t>(running) == trials.size(), "a trial runs nowhere");
    const auto finalists =
        std::count_if(s_.finalists.begin(), s_.finalists.end(),
                      [](const FinalistRecord& f) { return f.status == TrialStatus::running; });
    expect(finalists == static_cast<long>(retraining), "a finalist is retrained nowhere");
  }

  void check_finalists() {
    if (!s_.finalists_chosen) {
      expect(s_.finalists.empty(), "finalists that nobody chose");
      return;
    }
    expect(s_.trials_done == s_.trials.size(), "finalists were chosen before all trials were done");
    double worst = -INFINITY;
    std::set<TrialId> chosen;
    std::uint32_t done = 0;
    for (const FinalistRecord& f : s_.finalists) {
      const Result& r = s_.trial(f.trial).result;
      expect(r.outcome == Outcome::finished, "a finalist whose trial did not finish");
      expect(chosen.insert(f.trial).second, "a finalist twice");
      expect(r.objective >= worst, "the finalists are not in order");
      worst = r.objective;
      done += f.status == TrialStatus::done ? 1 : 0;
    }
    expect(done == s_.finalists_done, "the number of finalists done is wrong");
    for (const TrialRecord& t : s_.trials) {
      const bool better = t.result.outcome == Outcome::finished && t.result.objective < worst;
      expect(!better || chosen.count(t.id) > 0, "a better trial was not chosen");
    }
  }
};

}  // namespace

std::vector<std::string> violated_invariants(const State& state) {
  return Checker(state).run();
}

}  // namespace twostep
