// Ask and tell: the search algorithms for whoever drives them from outside, one line of JSON after
// the other. A line is answered by one line, a bad one by an error, and the session goes on. What
// was created and told is a list of facts; replayed in order they give the same session, which then
// proposes the same as the one that was never interrupted.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

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
  // {"ask": n}, {"tell": {...}} or a list of them, {"best": n}, {"pending": true}.
  [[nodiscard]] Answer answer(const std::string& line);
  // A line that `facts` held. Error{study} if it does not follow on those before.
  void replay(const std::string& fact);

 private:
  struct Trial {
    Point point;
    bool ended = false;
    double value = 0;  // as told
  };

  StudySpec spec_;
  Space space_;
  Proposer proposer_;
  std::deque<Trial> trials_;
  std::map<std::uint64_t, std::vector<TrialId>> pending_;  // by the point's fingerprint
  std::uint64_t line_ = 0;

  [[nodiscard]] Answer ask(const ConfigNode& count);
  [[nodiscard]] Answer tell(const ConfigNode& told);
  [[nodiscard]] Answer best(const ConfigNode& count) const;
  [[nodiscard]] Answer pending() const;
  [[nodiscard]] std::string trial_json(TrialId id) const;
  // The events of one {"tell": ...}, checked but not yet taken.
  struct Told {
    TrialId trial;  // 0: a configuration that was not asked for
    Point point;
    Observation observation;
    double value = 0;
  };
  [[nodiscard]] Told read_told(const ConfigNode& node) const;
  [[nodiscard]] TrialId find_trial(const ConfigNode& node) const;
  TrialId create(const Point& point, std::vector<std::string>& facts);
  void take(const Told& told, std::vector<std::string>& facts);
};

}  // namespace twostep
