// "Train trial T to budget B on subset S", "retrain finalist F as a team", "extract rows": one
// piece of work for one worker or for a team of workers. It carries (run, attempt), so that a stale
// result can be told from a current one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "twostep/base/ids.hpp"
#include "twostep/study/budget.hpp"
#include "twostep/study/value.hpp"

namespace twostep {

enum class AssignmentKind {
  extract_subset,  // all workers as one team: shards -> subset file
  trial,           // one worker: train a configuration on the subset
  extract_full,    // all workers as one team: shards -> packed full data
  retrain,         // a team: train a finalist on all training rows
};

struct Assignment {
  AssignmentId id;
  RunId run;
  std::uint32_t attempt = 1;  // of this trial or phase, over all runs
  AssignmentKind kind = AssignmentKind::trial;
  TrialId trial;  // trial, retrain
  Point point;    // trial, retrain
  Budget budget;  // trial, retrain; schedules are defined over all of it
  // Of a trial that is trained in rungs: pause at the first validation at or after so much of the
  // budget, in its unit; 0: none. Or train on so many rows of the subset alone; 0: on all.
  std::uint64_t until = 0;
  std::uint64_t rows = 0;
  double spent_seconds = 0;  // on it before its last pause
  std::vector<WorkerId>
      team;  // the workers in rank order within the team; front() leads and reports
  friend bool operator==(const Assignment&, const Assignment&) = default;
};

// The rung that a trial is trained to, in the unit of the study's fidelity; 0: the last.
[[nodiscard]] inline std::uint64_t rung_of(const Assignment& a) {
  return a.rows > 0 ? a.rows : a.until;
}

[[nodiscard]] const char* name(AssignmentKind);
[[nodiscard]] bool parse_name(const std::string& text, AssignmentKind& out);

}  // namespace twostep
