// Trials of an Optuna study as trials of this one.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "study/optuna_journal.hpp"
#include "twostep/base/error.hpp"
#include "twostep/study/prior_trials.hpp"

namespace twostep {
namespace {

constexpr int minimized = 1;  // optuna.study.StudyDirection
constexpr int maximized = 2;

[[noreturn]] void refuse_study(const std::string& where, const std::string& what,
                               const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::config, Problem{where, what, why, hint});
}

const char* verb_of(int direction) {
  return direction == minimized ? "minimised" : direction == maximized ? "maximised" : "unranked";
}

// The one of that name, or the only one.
const OptunaStudy& study_meant(const OptunaJournal& journal, const std::string& name,
                               const std::string& source) {
  std::vector<const OptunaStudy*> living;
  std::string list;
  for (const OptunaStudy& study : journal.studies()) {
    if (!study.deleted) {
      living.push_back(&study);
      list += (list.empty() ? "" : ", ") + study.name;
    }
  }
  if (living.empty()) {
    refuse_study(source, "it holds no study",
                 journal.studies().empty() ? "nothing was written to it" : "all were deleted",
                 "give the journal of another study");
  }
  if (name.empty() && living.size() > 1) {
    refuse_study(
        source, "it holds more than one study", "they are " + list,
        "write warm_start: " + source + "#" + living.front()->name + ", or another's name");
  }
  const auto found = std::find_if(living.begin(), living.end(), [&](const OptunaStudy* s) {
    return name.empty() || s->name == name;
  });
  if (found == living.end()) {
    refuse_study(source, "it holds no study called " + name, "there are " + list,
                 "write one of them behind the #");
  }
  return **found;
}

void check_direction(const OptunaStudy& study, const std::string& source, Metric objective) {
  const std::string where = source + ":" + std::to_string(study.line);
  if (study.directions.size() != 1) {
    refuse_study(
        where, "its study has " + std::to_string(study.directions.size()) + " objectives",
        "a search learns from one",
        "write its trials_dataframe as a .csv file, with the column of one named objective");
  }
  const int wanted = larger_is_better(objective) ? maximized : minimized;
  if (study.directions.front() != wanted) {
    refuse_study(where, std::string("its study is ") + verb_of(study.directions.front()),
                 std::string("this one is ") + verb_of(wanted) +
                     ", and would learn the opposite of what was found",
                 "search.objective, or trainer.goal, says which is better");
  }
}

std::optional<std::string> category_text(const nlohmann::json& value, const Dimension& d) {
  if (value.is_null()) {
    return none_of(d);
  }
  if (value.is_boolean()) {  // True where the choices are texts, as Python writes it
    const char* python = value.get<bool>() ? "True" : "False";
    const bool as_text =
        std::find(d.choices.begin(), d.choices.end(), Value(python)) != d.choices.end();
    return as_text ? std::string(python) : value.dump();
  }
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::optional<std::string> parameter_text(const OptunaParameter& p, const Dimension& d) {
  if (p.choices) {
    return category_text((*p.choices)[static_cast<std::size_t>(p.internal)], d);
  }
  return std::isfinite(p.internal)
             ? std::optional(to_text(p.whole ? std::round(p.internal) : p.internal))
             : std::nullopt;
}

class TrialTaker {
 public:
  TrialTaker(const OptunaJournal& journal, const StudySpec& spec, const Space& space)
      : space_(space), parameter_of_(space.dimensions.size(), none) {
    for (std::uint32_t i = 0; i < journal.names().size(); ++i) {
      const std::string& name = journal.names()[i];
      if (const auto dimension = space.find(name)) {
        parameter_of_[*dimension] = i;
      } else if (const auto constant = constant_of(spec, name)) {
        constants_.push_back({i, name, *constant});
      }
    }
  }

  [[nodiscard]] std::optional<Point> point(const OptunaTrial& trial, std::string& why) const {
    for (const Constant& c : constants_) {
      const OptunaParameter* p = find(trial, c.parameter);
      const auto text = p != nullptr ? parameter_text(*p, Dimension()) : std::nullopt;
      if (text && !same_value(*text, c.value)) {
        why = c.name + " is " + *text + ", and here always " + c.value;
        return std::nullopt;
      }
    }
    return point_of(
        space_,
        [&](const Dimension& d) -> std::optional<std::string> {
          const auto index = static_cast<std::size_t>(&d - space_.dimensions.data());
          const OptunaParameter* p = find(trial, parameter_of_[index]);
          return p == nullptr ? std::nullopt : parameter_text(*p, d);
        },
        &why);
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  struct Constant {
    std::uint32_t parameter;
    std::string name;
    std::string value;
  };
  const Space& space_;
  std::vector<std::uint32_t> parameter_of_;  // by dimension
  std::vector<Constant> constants_;

  [[nodiscard]] static const OptunaParameter* find(const OptunaTrial& trial, std::uint32_t name) {
    const auto found = std::find_if(trial.parameters.rbegin(), trial.parameters.rend(),
                                    [&](const OptunaParameter& p) { return p.name == name; });
    return found == trial.parameters.rend() ? nullptr : &*found;
  }
};

}  // namespace

TrialsRead read_optuna_journal(std::string_view text, const std::string& source,
                               const std::string& study, const StudySpec& spec,
                               const Space& space) {
  const Metric objective = spec.search.objective;
  const OptunaJournal journal(text, source);
  const OptunaStudy& meant = study_meant(journal, study, source);
  check_direction(meant, source, objective);
  const TrialTaker taker(journal, spec, space);
  TrialsRead out;
  double longest = -1;
  for (const std::size_t id : meant.trials) {
    longest = std::max(longest, journal.trial(id).last_step);
  }
  out.warm.source = source + (study.empty() ? "" : "#" + study);
  for (const std::size_t id : meant.trials) {
    const OptunaTrial& trial = journal.trial(id);
    if (trial.state == OptunaState::running || trial.state == OptunaState::waiting) {
      continue;
    }
    std::string why;
    const auto point = taker.point(trial, why);
    if (!point) {
      out.leave_out(source + ":" + std::to_string(trial.line), why);
      continue;
    }
    const bool good = trial.state != OptunaState::fail && std::isfinite(trial.value);
    out.warm.trials.push_back(
        {*point, good ? Outcome::finished : Outcome::failed,
         good ? natural_value(objective, trial.value) : std::nan(""), std::nan(""), std::nan(""),
         good && trial.state == OptunaState::pruned ? share_spent(trial.last_step + 1, longest + 1)
                                                    : 1});
  }
  return out;
}

}  // namespace twostep
