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

  // A whole training before one that was stopped, a later rung before an earlier one.
  static bool better(const TrialRecord& a, const TrialRecord& b) {
    const auto rank = [](const TrialRecord& t) {
      const bool whole = t.result.outcome == Outcome::finished;
      return std::pair(whole ? ~std::uint64_t{0} : t.reached, -t.result.objective);
    };
    return rank(a) > rank(b);
  }

  void expect(bool holds, const std::string& what) {
    if (!holds) {
      out_.push_back(what);
    }
  }

  void check_trials() {
    std::uint32_t done = 0;
    std::uint32_t finished = 0;
    std::uint32_t diverged = 0;
    std::uint32_t stopped = 0;
    std::size_t paused = 0;
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
        stopped += t.result.outcome == Outcome::stopped ? 1 : 0;
        expect(t.result.outcome != Outcome::interrupted && t.result.outcome != Outcome::paused,
               who + " is done but was interrupted or pauses");
        expect(std::isfinite(t.result.objective) == succeeded(t.result.outcome),
               who + ": an objective without success, or success without one");
      }
      check_rungs(t, who);
      paused += t.status == TrialStatus::paused ? 1 : 0;
      expect(t.attempts >= t.crashes + t.unclean_ends, who + " ended more often than it began");
    }
    expect(done == s_.trials_done, "the number of trials done is wrong");
    expect(finished == s_.trials_finished, "the number of trials finished is wrong");
    expect(diverged == s_.trials_diverged, "the number of trials diverged is wrong");
    expect(stopped == s_.trials_stopped, "the number of trials stopped is wrong");
    expect(paused == s_.paused.size(), "the number of trials paused is wrong");
    expect(done - finished - diverged - stopped == s_.trials_failed,
           "the number of trials failed is wrong");
  }

  void check_rungs(const TrialRecord& t, const std::string& who) {
    const bool pauses = t.status == TrialStatus::paused;
    expect(pauses == (s_.paused.count(t.id) > 0), who + ": paused, or not listed as such");
    if (pauses) {
      expect(t.reached > 0 && t.result.outcome == Outcome::paused, who + " pauses at no rung");
      expect(std::isfinite(t.result.objective), who + " pauses without an objective");
    }
    expect(t.until == 0 || t.until >= t.reached, who + " is trained to a rung that it has passed");
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
    const TrialRecord* worst = nullptr;
    std::set<TrialId> chosen;
    std::uint32_t done = 0;
    for (const FinalistRecord& f : s_.finalists) {
      const TrialRecord& t = s_.trial(f.trial);
      expect(succeeded(t.result.outcome), "a finalist whose trial did not finish");
      expect(chosen.insert(f.trial).second, "a finalist twice");
      expect(worst == nullptr || !better(t, *worst), "the finalists are not in order");
      worst = &t;
      done += f.status == TrialStatus::done ? 1 : 0;
    }
    expect(done == s_.finalists_done, "the number of finalists done is wrong");
    for (const TrialRecord& t : s_.trials) {
      const bool passed = succeeded(t.result.outcome) && worst != nullptr && better(t, *worst);
      expect(!passed || chosen.count(t.id) > 0, "a better trial was not chosen");
    }
  }
};

}  // namespace

std::vector<std::string> violated_invariants(const State& state) {
  return Checker(state).run();
}

}  // namespace twostep
