// The journal of Optuna's JournalFileStorage (3.1): a line of JSON for each operation.
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "twostep/base/error.hpp"
#include "twostep/study/prior_trials.hpp"

namespace twostep {
namespace {

using OptunaJson = nlohmann::json;

// optuna.storages._journal.storage.JournalOperation
enum OptunaOperation { create_study = 0, create_trial = 4, set_param = 5, set_state_values = 6 };
enum OptunaState { optuna_complete = 1, optuna_pruned = 2, optuna_fail = 3 };
constexpr int maximize = 2;  // optuna.study.StudyDirection

struct OptunaTrial {
  std::map<std::string, std::string> values;  // by the names of parameters
  int state = 0;
  double value = std::nan("");
};

[[noreturn]] void refuse(const std::string& source, const std::string& what,
                         const std::string& hint) {
  throw Error(ErrorKind::config, Problem{source, what, "", hint});
}

std::string text_of(const OptunaJson& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// `internal` is the number that Optuna stores: of a category its place in the list.
std::string external(const OptunaJson& internal, const OptunaJson& distribution) {
  const OptunaJson described =
      distribution.is_string() ? OptunaJson::parse(distribution.get<std::string>()) : distribution;
  const std::string kind = described.at("name");
  if (kind.starts_with("Categorical")) {
    return text_of(described.at("attributes").at("choices").at(internal.get<std::size_t>()));
  }
  return kind.starts_with("Int") ? std::to_string(std::llround(internal.get<double>()))
                                 : OptunaJson(internal.get<double>()).dump();
}

double value_of(const OptunaJson& operation) {
  if (const auto values = operation.find("values");
      values != operation.end() && values->is_array() && values->size() == 1) {
    return values->front().is_number() ? values->front().get<double>() : std::nan("");
  }
  const auto value = operation.find("value");
  return value != operation.end() && value->is_number() ? value->get<double>() : std::nan("");
}

class OptunaReader {
 public:
  OptunaReader(const std::string& source, Metric objective)
      : source_(source), objective_(objective) {}

  void take(const OptunaJson& o) {
    switch (o.at("op_code").get<int>()) {
      case create_study:
        begin(o);
        break;
      case create_trial: {
        OptunaTrial& trial = trials_.emplace_back();
        trial.state = o.value("state", 0);
        trial.value = value_of(o);
        const OptunaJson parameters =
            o.value("params", OptunaJson::object());  // as Optuna stores them
        for (const auto& [name, value] : parameters.items()) {
          trial.values[name] = external(value, o.at("distributions").at(name));
        }
        break;
      }
      case set_param:
        at(o).values[o.at("param_name")] =
            external(o.at("param_value_internal"), o.at("distribution"));
        break;
      case set_state_values:
        at(o).state = o.at("state").get<int>();
        at(o).value = value_of(o);
        break;
      default:
        break;
    }
  }
  [[nodiscard]] const std::vector<OptunaTrial>& trials() const { return trials_; }

 private:
  const std::string& source_;
  Metric objective_;
  int studies_ = 0;
  std::vector<OptunaTrial> trials_;

  OptunaTrial& at(const OptunaJson& o) { return trials_.at(o.at("trial_id").get<std::size_t>()); }
  void begin(const OptunaJson& o) {
    const OptunaJson directions = o.value("directions", OptunaJson::array());
    if (++studies_ > 1) {
      refuse(source_, "it holds more than one study",
             "copy the one that is meant to a file of its own");
    }
    if (directions.size() != 1) {
      refuse(source_, "its study has " + std::to_string(directions.size()) + " objectives", "");
    }
    if ((directions.front() == maximize) != larger_is_better(objective_)) {
      refuse(source_,
             std::string("its study is ") +
                 (directions.front() == maximize ? "maximised" : "minimised") +
                 ", and this one is not",
             "search.objective, or trainer.goal, says which is better");
    }
  }
};

}  // namespace

WarmStarted read_optuna_journal(const std::string& text, const std::string& source,
                                const Space& space, Metric objective) {
  OptunaReader reader(source, objective);
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) {
      continue;
    }
    try {
      reader.take(OptunaJson::parse(line));
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {  // of JSON, or of a trial that was not created
      refuse(source + ":" + std::to_string(number),
             std::string("not a line of Optuna's journal: ") + error.what(),
             "give a study directory, a .csv file, or the file of a JournalFileStorage");
    }
  }
  WarmStarted out{source, 0, {}};
  for (const OptunaTrial& trial : reader.trials()) {
    if (trial.state != optuna_complete && trial.state != optuna_pruned &&
        trial.state != optuna_fail) {
      continue;  // waiting, or under way
    }
    const auto point = point_of(space, [&](const std::string& name) -> std::optional<std::string> {
      const auto found = trial.values.find(name);
      return found == trial.values.end() ? std::nullopt : std::optional(found->second);
    });
    if (!point) {
      ++out.left_out;
      continue;
    }
    const bool good = trial.state != optuna_fail && std::isfinite(trial.value);
    out.trials.push_back({*point, good ? Outcome::finished : Outcome::failed,
                          good ? natural_value(objective, trial.value) : std::nan(""), std::nan(""),
                          std::nan("")});
  }
  return out;
}

}  // namespace twostep
