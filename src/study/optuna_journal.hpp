// What an Optuna JournalFileStorage (3.1) holds when all its lines have been played, by Optuna's
// own rules: what comes from a writer that was too late changes nothing there.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace twostep {

using OptunaChoices = std::vector<nlohmann::json>;

struct OptunaParameter {
  std::uint32_t name = 0;  // OptunaJournal::names
  bool whole = false;
  double internal = 0;                           // of a category its place in the choices
  std::shared_ptr<const OptunaChoices> choices;  // nullptr: a number
};

enum class OptunaState { running, complete, pruned, fail, waiting };  // as Optuna numbers them

struct OptunaTrial {
  std::size_t line = 0;  // where it is created
  OptunaState state = OptunaState::running;
  double value = std::nan("");
  double last_step = -1;                    // of those with an intermediate value; -1: none
  std::vector<OptunaParameter> parameters;  // the last of a name counts
};

struct OptunaStudy {
  std::string name;
  std::size_t line = 0;
  std::vector<int> directions;  // 1: minimised, 2: maximised
  bool deleted = false;
  std::vector<std::size_t> trials;
};

class OptunaJournal {
 public:
  // Error{config} with the line for a text that is no such journal.
  OptunaJournal(std::string_view text, std::string source);

  [[nodiscard]] const std::vector<OptunaStudy>& studies() const { return studies_; }
  [[nodiscard]] const OptunaTrial& trial(std::size_t id) const { return trials_[id]; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::string source_;
  std::size_t line_ = 0;
  std::vector<OptunaStudy> studies_;
  std::vector<OptunaTrial> trials_;  // also those of deleted studies, whose numbers stay taken
  std::vector<std::string> names_;
  std::map<std::string, std::uint32_t> number_of_;
  // A distribution comes with every value; by its text, of each parameter the last one.
  struct Distribution {
    std::string text;
    bool whole = false;
    std::shared_ptr<const OptunaChoices> choices;
  };
  std::vector<Distribution> last_;  // by names_

  void take(std::string_view line);
  void play(const nlohmann::json& operation);
  void create_study(const nlohmann::json& operation);
  void create_trial(const nlohmann::json& operation);
  void set_parameter(OptunaTrial& trial, const std::string& name, const nlohmann::json& internal,
                     const nlohmann::json& distribution);
  void set_values(OptunaTrial& trial, const nlohmann::json& operation) const;
  [[nodiscard]] OptunaTrial* unfinished(const nlohmann::json& operation);
};

}  // namespace twostep
