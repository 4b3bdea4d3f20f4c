// The part of ask and tell that takes trials from rung to rung, as twostep run does.
#include <cmath>
#include <nlohmann/json.hpp>

#include "app/suggest_session.hpp"
#include "twostep/study/algorithm.hpp"
#include "twostep/study/json_line.hpp"
#include "twostep/study/metric.hpp"

namespace twostep {
namespace {

[[noreturn]] void refuse_tell(const std::string& what, const std::string& why,
                              const std::string& hint) {
  throw Error(ErrorKind::usage, Problem{"", "tell: " + what, why, hint});
}

}  // namespace

// A history may hold tells without: older programs took them.
void SuggestSession::check_second(const Observation& observation) const {
  const SecondObjective second = spec_.search.second_objective;
  const double weighed = second_of(observation, second);
  if (second != SecondObjective::none && !is_failure(observation) &&
      !(std::isfinite(weighed) && weighed >= 0)) {
    const std::string key = name(second);
    const std::string what = std::isnan(weighed) ? "no " : weighed < 0 ? "negative " : "infinite ";
    refuse_tell(what + key, "nsga2 weighs the value against " + key + ", search.second_objective",
                R"({"tell":{"trial":1,"value":0.5,")" + key + R"(":)" +
                    (second == SecondObjective::inference_seconds ? "2e-6" : "1200") + "}}");
  }
}

TrialId SuggestSession::find_trial(const ConfigNode& node) const {
  const auto id = json_number(node);
  if (!id || *id < 1 || *id > static_cast<double>(trials_.size()) || *id != std::floor(*id)) {
    refuse_tell("no such trial", std::to_string(trials_.size()) + " were created so far",
                "give the number that ask answered, or a configuration");
  }
  const TrialId trial(static_cast<std::uint32_t>(*id));
  if (trials_[trial.value - 1].step > 0) {
    refuse_tell("trial " + std::to_string(trial.value) + " was stopped at step " +
                    std::to_string(trials_[trial.value - 1].step),
                "search.early_stopping gave it up", "ask for another one");
  }
  if (rungs_.there_are() && rungs_.paused(trial)) {
    refuse_tell("trial " + std::to_string(trial.value) + " is paused at step " +
                    std::to_string(rungs_.last_step(trial)),
                "whether it goes on is not known yet", "an ask will answer it if it does");
  }
  if (trials_[trial.value - 1].ended) {
    refuse_tell("trial " + std::to_string(trial.value) + " was told before", "",
                "tell a configuration without a number to add another result of it");
  }
  return trial;
}

std::uint64_t SuggestSession::read_step(const ConfigNode& node, TrialId trial) const {
  if (!rungs_.there_are()) {
    refuse_tell("a step without search.early_stopping", "nothing would be decided by it",
                "tell the last value alone, or add search.early_stopping to the study file");
  }
  const auto step = json_number(node);
  const std::uint64_t last = rungs_.last_step(trial);
  const std::uint64_t until = rungs_.until(trial);
  if (!step || *step != std::floor(*step) || !(*step > static_cast<double>(last)) ||
      *step > static_cast<double>(until)) {
    refuse_tell(
        "step is no whole number from " + std::to_string(last + 1) + " to " + std::to_string(until),
        "trial " + std::to_string(trial.value) + " has told up to step " + std::to_string(last) +
            ", and is to be trained until " + std::to_string(until),
        "tell its value at step " + std::to_string(until));
  }
  return static_cast<std::uint64_t>(*step);
}

void SuggestSession::take_step(const Told& told, std::vector<std::string>& facts) {
  const TrialId id = told.trial;
  Observation seen = told.observation;
  seen.objective = rungs_.told(id, told.step, told.observation.objective);
  seen.fidelity = rungs_.share(told.step);
  trials_[id.value - 1].value = natural_value(spec_.search.objective, seen.objective);
  const std::string value = nlohmann::json(told.value).dump();
  facts.push_back("{\"tell\":{\"trial\":" + std::to_string(id.value) +
                  ",\"step\":" + std::to_string(told.step) + ",\"value\":" + value + "}}");
  if (!rungs_.paused(id)) {
    return;
  }
  proposer_.observed(id, seen);
  stop_given_up();
  if (rungs_.next() == id) {
    rungs_.resume(id);
  }
}

void SuggestSession::stop_given_up() {
  for (const TrialId id : rungs_.given_up()) {
    Trial& trial = trials_[id.value - 1];
    trial.step = rungs_.last_step(id);
    rungs_.stop(id);
    Observation seen;
    seen.objective = natural_value(spec_.search.objective, trial.value);
    seen.fidelity = rungs_.share(trial.step);
    end(id, trial.value, seen);
  }
}

std::string SuggestSession::next_work(std::vector<std::string>& facts) {
  for (;;) {
    if (const auto goes_on = rungs_.next()) {
      rungs_.resume(*goes_on);
      facts.push_back("{\"resume\":" + std::to_string(goes_on->value) + "}");
      return work_json(*goes_on);
    }
    const auto point = proposer_.next(TrialId(static_cast<std::uint32_t>(trials_.size()) + 1));
    if (point) {
      return work_json(create(*point, facts));
    }
    if (exhausted_ || !rungs_.there_are()) {
      return "";
    }
    exhausted_ = true;
    facts.emplace_back("{\"exhausted\":true}");
    rungs_.all_created();
    stop_given_up();
  }
}

std::string SuggestSession::work_json(TrialId id) const {
  std::string out = trial_json(id);
  if (!rungs_.there_are()) {
    return out;
  }
  out.pop_back();
  const std::uint64_t last = rungs_.last_step(id);
  return out + (last > 0 ? ",\"from\":" + std::to_string(last) : "") +
         (rungs_.paused(id) ? ",\"paused\":true}"
                            : ",\"until\":" + std::to_string(rungs_.until(id)) + "}");
}

std::string SuggestSession::verdict_json(TrialId id) const {
  const std::string begin = "{\"trial\":" + std::to_string(id.value) + ",\"verdict\":";
  if (trials_[id.value - 1].ended) {
    return begin + "\"stop\"}";
  }
  return begin + (rungs_.paused(id)
                      ? "\"pause\"}"
                      : "\"continue\",\"until\":" + std::to_string(rungs_.until(id)) + "}");
}

}  // namespace twostep
