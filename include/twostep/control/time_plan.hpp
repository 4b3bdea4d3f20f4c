// What can still be done before a run's time is up. It decides which waiting work is handed out and
// when the run stops, never what the work is: the same trials come out of a study with limits and
// of one without. Predictions follow from the journal alone.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "twostep/base/time.hpp"
#include "twostep/control/cost_model.hpp"
#include "twostep/control/state.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

// May it be started?
enum class Fit {
  finishes,  // it should be done in time
  resumes,   // not done, but saved: the next run goes on with it
  no,
};

class TimePlan {
 public:
  // stop_at: when trainings must be stopped; nullopt: never. inputs, targets: columns of the data.
  TimePlan(const StudySpec& spec, const Space& space, std::optional<Time> stop_at,
           std::uint32_t inputs, std::uint32_t targets);

  // Any result, in the journal's order. rows: of the rung of rows that it was trained on, 0 where
  // it was the whole subset; before: the result's seconds that were spent on earlier such rungs.
  void finished(const Result& result, std::uint64_t rows = 0, double before = 0);

  [[nodiscard]] bool limited() const { return stop_at_.has_value(); }
  [[nodiscard]] std::optional<Time> stop_at() const { return stop_at_; }
  [[nodiscard]] bool over(Time now) const { return stop_at_ && now >= *stop_at_; }

  // A trial for a worker that already holds `held`.
  [[nodiscard]] Fit trial(const State& state, Time now, TrialId trial,
                          const std::vector<AssignmentId>& held);
  // A retraining by a team, at once.
  [[nodiscard]] Fit retraining(const State& state, Time now, const FinalistRecord& finalist);
  [[nodiscard]] double trial_seconds(const State& state, TrialId trial);

 private:
  const StudySpec& spec_;
  const Space& space_;
  const std::optional<Time> stop_at_;
  const std::vector<std::uint64_t> rungs_;
  const std::uint32_t inputs_;
  const std::uint32_t targets_;
  std::deque<Result> recent_;  // finished trials, the last ones, without their curves
  std::uint32_t since_fit_ = 0;
  CostModel model_;
  std::map<TrialId, double> predicted_;  // by the present model

  void fit(const State& state);
  [[nodiscard]] bool in_rows() const;
  [[nodiscard]] std::uint64_t next_rung(const TrialRecord& trial) const;
  [[nodiscard]] Budget left_of(const TrialRecord& trial) const;
  [[nodiscard]] Work trial_work(const State& state, TrialId trial, const Budget& budget,
                                std::uint64_t rows) const;
  [[nodiscard]] Fit judge(Time now, double wait_seconds, double seconds) const;
};

}  // namespace twostep
