// Ask and tell: the search algorithms for whoever drives them from outside, one line of JSON after
// the other. A line is answered by one line, a bad one by an error, and the session goes on. What
// was created and told is a list of facts; replayed in order they give the same session, which then
// proposes the same as the one that was never interrupted.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "app/suggest_rungs.hpp"
#include "twostep/base/error.hpp"
#include "twostep/search/proposer.hpp"
#include "twostep/study/config_node.hpp"

namespace twostep {

class SuggestSession {
 public:
  explicit SuggestSession(const StudySpec& spec);

  struct Answer {
    std::string line;                // without its newline
    std::vector<std::string> facts;  // to be recorded before the answer is given
  };
  // {"ask": n}, {"tell": {...}} or a list of them, {"best": n}, {"pending": true}. With
  // search.early_stopping trials pause at rungs, and what is asked for may be one that goes on.
  [[nodiscard]] Answer answer(const std::string& line);
  // A line that `facts` held. Error{study} if it does not follow on those before.
  void replay(const std::string& fact);

 private:
  struct Trial {
    Point point;
    bool ended = false;
    double value = 0;        // as told; of one that was stopped, the best so far
    std::uint64_t step = 0;  // at which it was stopped; 0: it was not
  };

  StudySpec spec_;
  Space space_;
  Proposer proposer_;
  SuggestRungs rungs_;
  bool exhausted_ = false;
  std::deque<Trial> trials_;
  std::map<std::uint64_t, std::vector<TrialId>> pending_;  // by the point's fingerprint
  std::uint64_t line_ = 0;

  [[nodiscard]] Answer ask(const ConfigNode& count);
  [[nodiscard]] Answer tell(const ConfigNode& told);
  [[nodiscard]] Answer best(const ConfigNode& count) const;
  [[nodiscard]] Answer pending() const;
  [[nodiscard]] std::string trial_json(TrialId id) const;
  [[nodiscard]] static std::uint64_t read_count(const ConfigNode& node, const std::string& name);
  // The events of one {"tell": ...}, checked but not yet taken.
  struct Told {
    TrialId trial;  // 0: a configuration that was not asked for
    Point point;
    Observation observation;
    double value = 0;
    std::uint64_t step = 0;  // below the whole: the trial may go on; 0: it has ended
  };
  [[nodiscard]] Told read_told(const ConfigNode& node) const;
  [[nodiscard]] TrialId find_trial(const ConfigNode& node) const;
  void check_second(const Observation& observation) const;
  TrialId create(const Point& point, std::vector<std::string>& facts);
  [[nodiscard]] std::uint64_t read_step(const ConfigNode& step, TrialId trial) const;
  void take(const Told& told, std::vector<std::string>& facts);
  void take_step(const Told& told, std::vector<std::string>& facts);
  void end(TrialId trial, double value, const Observation& observation);
  void stop_given_up();
  // The next piece of work: a trial that goes on, or a new one; "" where there is none.
  [[nodiscard]] std::string next_work(std::vector<std::string>& facts);
  [[nodiscard]] std::string work_json(TrialId trial) const;
  [[nodiscard]] std::string verdict_json(TrialId trial) const;
};

}  // namespace twostep
