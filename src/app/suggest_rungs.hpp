// search.early_stopping for whoever asks and tells: the rungs and rules of twostep run, driven by
// what is told at which step.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "twostep/search/fidelity_rule.hpp"

namespace twostep {

class SuggestRungs {
 public:
  explicit SuggestRungs(const StudySpec& spec);

  [[nodiscard]] bool there_are() const { return rule_ != nullptr; }
  // Steps of a whole training, in the unit of search.budget, or rows.
  [[nodiscard]] std::uint64_t whole() const { return levels_.back(); }

  // Trials come in the order of their ids, from 1.
  void created(TrialId trial);
  void all_created();
  // The last step that it has told of, and the one up to which it is to be trained now.
  [[nodiscard]] std::uint64_t last_step(TrialId trial) const { return at(trial).last_step; }
  [[nodiscard]] std::uint64_t until(TrialId trial) const { return levels_[at(trial).rung]; }
  [[nodiscard]] bool paused(TrialId trial) const { return at(trial).paused; }
  // What a step is of the whole, in (0, 1].
  [[nodiscard]] double share(std::uint64_t step) const;

  // A value (smaller is better) at a step above last_step, at most `until` and below the whole; the
  // trial is not paused. At `until` it pauses there, and the rule decides. Returns the best value
  // so far.
  double told(TrialId trial, std::uint64_t step, double value);
  // It was told how it ended, and with what; it is not paused.
  void ended(TrialId trial, Outcome outcome, double value);
  // The paused trial that goes on next. nullopt: none, until more is known.
  [[nodiscard]] std::optional<TrialId> next() const;
  void resume(TrialId trial);
  // Paused trials that go no further; stop takes one of them off.
  [[nodiscard]] std::vector<TrialId> given_up() const;
  void stop(TrialId trial);

 private:
  struct Course {
    std::size_t rung = 0;    // that it is on the way to, or paused at
    std::size_t passed = 0;  // rungs that it paused at
    std::uint64_t last_step = 0;
    bool paused = false;
    std::vector<double> curve;
  };
  std::vector<std::uint64_t> levels_;
  std::unique_ptr<FidelityRule> rule_;  // nullptr: no early stopping
  std::deque<Course> courses_;

  [[nodiscard]] const Course& at(TrialId trial) const { return courses_.at(trial.value - 1); }
  [[nodiscard]] Course& at(TrialId trial) { return courses_.at(trial.value - 1); }
};

}  // namespace twostep
