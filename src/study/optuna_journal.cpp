#include "study/optuna_journal.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "twostep/base/error.hpp"
#include "twostep/study/json_line.hpp"

namespace twostep {
namespace {

using Json = nlohmann::json;

// optuna.storages._journal.storage.JournalOperation
enum OptunaOperation {
  create_study_op,
  delete_study_op,
  study_user_attr_op,
  study_system_attr_op,
  create_trial_op,
  set_param_op,
  set_state_values_op,
  intermediate_value_op,
  trial_user_attr_op,
  trial_system_attr_op
};

// Python writes NaN and Infinity, which JSON does not have.
Json parsed(std::string_view text) {
  const bool other =
      text.find("NaN") != std::string_view::npos || text.find("Infinity") != std::string_view::npos;
  return other ? Json::parse(as_json(text)) : Json::parse(text);
}

double json_real(const Json& value) {
  if (value.is_number()) {
    return value.get<double>();
  }
  if (value.is_string() && (value == "inf" || value == "-inf")) {
    return std::numeric_limits<double>::infinity();
  }
  return std::nan("");
}

bool is_over(OptunaState state) {
  return state == OptunaState::complete || state == OptunaState::pruned ||
         state == OptunaState::fail;
}

// Numbers of operations, studies and trials; 1e300 is a number too, but none of these.
std::size_t whole_number(const Json& object, const char* key) {
  const Json& value = object.at(key);
  if (!value.is_number_unsigned()) {
    throw std::runtime_error(std::string(key) + " is no whole number: " + value.dump());
  }
  return value.get<std::size_t>();
}

OptunaState state_of(const Json& object) {
  const std::size_t state = whole_number(object, "state");
  if (state > static_cast<std::size_t>(OptunaState::waiting)) {
    throw std::runtime_error("no such state of a trial: " + std::to_string(state));
  }
  return static_cast<OptunaState>(state);
}

}  // namespace

OptunaJournal::OptunaJournal(std::string_view text, std::string source)
    : source_(std::move(source)) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++line_;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
      continue;
    }
    // What a writer that was killed leaves; Optuna ignores it too.
    const bool torn = end == std::string_view::npos && line_ > 1 && line.front() == '{' &&
                      !Json::accept(line) && !Json::accept(as_json(line));
    if (!torn) {
      take(line);
    }
  }
}

void OptunaJournal::take(std::string_view line) {
  std::string why;
  try {
    play(parsed(line));
    return;
  } catch (const Error&) {
    throw;
  } catch (const Json::parse_error& error) {
    why = "it is no JSON from byte " + std::to_string(error.byte) + " on";
  } catch (const std::exception& error) {  // of a field that is missing or of another type
    why = error.what();
    why.erase(0, why.starts_with("[json.") ? why.find("] ") + 2 : 0);
  }
  throw Error(ErrorKind::config,
              Problem{source_ + ":" + std::to_string(line_), "not a line of Optuna's journal", why,
                      "give a study directory, a .csv file, or the file of a JournalFileStorage"});
}

void OptunaJournal::play(const Json& o) {
  switch (const std::size_t operation = whole_number(o, "op_code")) {
    case create_study_op:
      return create_study(o);
    case delete_study_op: {
      const auto study = whole_number(o, "study_id");
      if (study < studies_.size()) {
        studies_[study].deleted = true;
      }
      return;
    }
    case create_trial_op:
      return create_trial(o);
    case set_param_op:
      if (OptunaTrial* trial = unfinished(o)) {
        set_parameter(*trial, o.at("param_name"), o.at("param_value_internal"),
                      o.at("distribution"));
      }
      return;
    case set_state_values_op:
      if (OptunaTrial* trial = unfinished(o)) {
        trial->state = state_of(o);
        set_values(*trial, o);
      }
      return;
    case intermediate_value_op:
      if (OptunaTrial* trial = unfinished(o)) {
        trial->last_step = std::max(trial->last_step, o.at("step").get<double>());
      }
      return;
    case study_user_attr_op:
    case study_system_attr_op:
    case trial_user_attr_op:
    case trial_system_attr_op:
      return;
    default:
      throw std::runtime_error("no operation of Optuna 3.1: " + std::to_string(operation) +
                               "; a newer one may have written it");
  }
}

// A second one of the same name is what load_if_exists leaves, and changes nothing.
void OptunaJournal::create_study(const Json& o) {
  const std::string name = o.at("study_name");
  const bool there = std::any_of(studies_.begin(), studies_.end(), [&](const OptunaStudy& s) {
    return !s.deleted && s.name == name;
  });
  if (!there) {
    OptunaStudy study;
    study.name = name;
    study.line = line_;
    for (const Json& direction : o.at("directions")) {
      study.directions.push_back(direction == 1 ? 1 : direction == 2 ? 2 : 0);
    }
    studies_.push_back(std::move(study));
  }
}

void OptunaJournal::create_trial(const Json& o) {
  const auto study = whole_number(o, "study_id");
  if (study >= studies_.size()) {
    throw std::runtime_error("there is no study " + std::to_string(study));
  }
  if (studies_[study].deleted) {
    return;
  }
  OptunaTrial trial;
  trial.line = line_;
  trial.state = o.contains("state") ? state_of(o) : OptunaState::running;
  set_values(trial, o);
  if (const auto parameters = o.find("params"); parameters != o.end()) {
    for (const auto& [name, value] : parameters->items()) {
      set_parameter(trial, name, value, o.at("distributions").at(name));
    }
  }
  if (const auto steps = o.find("intermediate_values"); steps != o.end()) {
    for (const auto& [step, value] : steps->items()) {
      trial.last_step = std::max(trial.last_step, std::strtod(step.c_str(), nullptr));
    }
  }
  studies_[study].trials.push_back(trials_.size());
  trials_.push_back(std::move(trial));
}

void OptunaJournal::set_parameter(OptunaTrial& trial, const std::string& name, const Json& internal,
                                  const Json& distribution) {
  const auto [place, added] =
      number_of_.try_emplace(name, static_cast<std::uint32_t>(names_.size()));
  if (added) {
    names_.push_back(name);
    last_.emplace_back();
  }
  Distribution& last = last_[place->second];
  const auto& text = distribution.get_ref<const std::string&>();
  if (last.text != text) {
    const Json described = parsed(text);
    const std::string kind = described.at("name");
    Distribution fresh{text, kind.starts_with("Int"), nullptr};
    if (kind.starts_with("Categorical")) {
      fresh.choices = std::make_shared<OptunaChoices>(described.at("attributes").at("choices"));
    }
    last = std::move(fresh);
  }
  const double number = json_real(internal);
  if (last.choices && !(number >= 0 && number < static_cast<double>(last.choices->size()))) {
    throw std::runtime_error("parameter " + name + " has no choice " + internal.dump());
  }
  trial.parameters.push_back({place->second, last.whole, number, last.choices});
}

void OptunaJournal::set_values(OptunaTrial& trial, const Json& o) const {
  const auto values = o.find("values");
  const auto value = o.find("value");
  if (values != o.end() && values->is_array()) {
    trial.value = values->size() == 1 ? json_real(values->front()) : std::nan("");
  } else if (value != o.end() && !value->is_null()) {
    trial.value = json_real(*value);
  }
}

// nullptr: it had ended before.
OptunaTrial* OptunaJournal::unfinished(const Json& o) {
  const auto id = whole_number(o, "trial_id");
  if (id >= trials_.size()) {
    throw std::runtime_error("there is no trial " + std::to_string(id));
  }
  return is_over(trials_[id].state) ? nullptr : &trials_[id];
}

}  // namespace twostep
