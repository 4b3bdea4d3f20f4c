#include "app/suggest_session.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "twostep/study/configuration.hpp"
#include "twostep/study/json_line.hpp"
#include "twostep/study/metric.hpp"

namespace twostep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t most_at_once = 100000;

[[noreturn]] void refuse(const std::string& what, const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::usage, Problem{"", what, why, hint});
}

Json json_number(double value) {
  return std::isfinite(value) ? Json(value)
                              : Json(std::isnan(value) ? "nan"
                                     : value > 0       ? "inf"
                                                       : "-inf");
}

void check_members(const ConfigNode& node) {
  for (const auto& [key, value] : node.members) {
    static const std::vector<std::string> known{"trial",   "configuration",    "value",
                                                "outcome", "parameters",       "seconds",
                                                "step",    "inference_seconds"};
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      const std::string near = nearest(key, known);
      refuse(
          "tell: unknown key '" + key.substr(0, 60) + "'",
          "known are trial, configuration, value, outcome, parameters, seconds, inference_seconds "
          "and step",
          near.empty() ? "" : "did you mean '" + near + "'?");
    }
  }
}

}  // namespace

std::uint64_t SuggestSession::read_count(const ConfigNode& node, const std::string& name) {
  const auto count = json_number(node);
  if (!count || *count != std::floor(*count) || *count < 1 ||
      *count > static_cast<double>(most_at_once)) {
    refuse(name + " takes a whole number from 1 to " + std::to_string(most_at_once), "", "");
  }
  return static_cast<std::uint64_t>(*count);
}

SuggestSession::SuggestSession(const StudySpec& spec)
    : spec_(spec),
      space_(make_space(spec)),
      proposer_(make_sampler(spec.search, space_, spec.seed), space_, spec.search.try_first,
                spec.seed),
      rungs_(spec) {}

std::string SuggestSession::trial_json(TrialId id) const {
  return "{\"trial\":" + std::to_string(id.value) +
         ",\"configuration\":" + configuration_json(space_, trials_[id.value - 1].point) + "}";
}

TrialId SuggestSession::create(const Point& point, std::vector<std::string>& facts) {
  const TrialId id(static_cast<std::uint32_t>(trials_.size()) + 1);
  trials_.push_back({point});
  pending_[fingerprint(point)].push_back(id);
  proposer_.created(id, point);
  rungs_.created(id);
  facts.push_back(trial_json(id));
  return id;
}

void SuggestSession::end(TrialId id, double value, const Observation& observation) {
  Trial& trial = trials_[id.value - 1];
  trial.ended = true;
  trial.value = value;
  const auto found = pending_.find(fingerprint(trial.point));
  std::erase(found->second, id);
  if (found->second.empty()) {
    pending_.erase(found);
  }
  proposer_.finished(id, as_told(observation, spec_.search.failures));
}

void SuggestSession::take(const Told& told, std::vector<std::string>& facts) {
  if (told.step > 0) {
    take_step(told, facts);
    return;
  }
  const TrialId id = told.trial.value > 0 ? told.trial : create(told.point, facts);
  rungs_.ended(id, is_failure(told.observation) ? Outcome::failed : Outcome::finished,
               told.observation.objective);
  end(id, told.value, told.observation);
  stop_given_up();
  Json fact{{"tell",
             {{"trial", id.value},
              {"value", json_number(told.value)},
              {"outcome", name(told.observation.outcome)},
              {"parameters", json_number(told.observation.parameters)},
              {"seconds", json_number(told.observation.seconds)}}}};
  if (!std::isnan(told.observation.inference_seconds_per_row)) {  // older programs do not know it
    fact["tell"]["inference_seconds"] = json_number(told.observation.inference_seconds_per_row);
  }
  facts.push_back(fact.dump());
}

SuggestSession::Answer SuggestSession::ask(const ConfigNode& node) {
  const std::uint64_t count = read_count(node, "ask");
  Answer out;
  std::string list;
  std::string work = "more";
  for (std::uint64_t i = 0; i < count && !work.empty(); ++i) {
    work = next_work(out.facts);
    list += (list.empty() || work.empty() ? "" : ",") + work;
  }
  out.line = "{\"trials\":[" + list + "]" + (work.empty() ? ",\"exhausted\":true}" : "}");
  return out;
}

SuggestSession::Told SuggestSession::read_told(const ConfigNode& node) const {
  if (node.kind != ConfigNode::Kind::map) {
    refuse("tell takes a mapping or a list of mappings", "",
           "{\"tell\":{\"trial\":1,\"value\":0.5}}");
  }
  check_members(node);
  Told out;
  const ConfigNode* trial = node.find("trial");
  const ConfigNode* configuration = node.find("configuration");
  if (trial != nullptr) {
    out.trial = find_trial(*trial);
  } else if (configuration != nullptr) {
    std::vector<Problem> problems;
    const PartialPoint given =
        read_configuration(space_, *configuration, [&](const ConfigurationProblem& p) {
          problems.push_back({p.where, "tell: " + p.what, p.why, p.hint});
        });
    if (!problems.empty()) {
      throw Error(ErrorKind::usage, problems);
    }
    out.point.values = given.values;
    if (!space_.contains(out.point)) {
      refuse("tell: not a whole configuration of this space",
             "dimensions are missing, or given though their condition does not hold", "");
    }
    const auto found = pending_.find(fingerprint(out.point));
    if (found != pending_.end()) {
      out.trial = found->second.front();
      if (rungs_.there_are() && rungs_.paused(out.trial)) {
        out.trial = TrialId();  // one more of that configuration, trained to the end
      }
    }
  } else {
    refuse("tell names neither a trial nor a configuration", "", "");
  }
  out.value = std::nan("");
  if (const ConfigNode* value = node.find("value")) {
    const auto read = json_number(*value);
    if (!read) {
      refuse("tell: value is no number", "", "a failed trial has \"outcome\":\"failed\"");
    }
    out.value = *read;
  }
  if (const ConfigNode* outcome = node.find("outcome")) {
    if (!parse_name(outcome->scalar, out.observation.outcome)) {
      refuse("tell: no such outcome: '" + outcome->scalar.substr(0, 60) + "'", "",
             "finished, diverged, failed or timed_out");
    }
  } else if (node.find("value") == nullptr) {
    refuse("tell has neither value nor outcome", "", "");
  }
  if (const ConfigNode* step = node.find("step")) {
    if (trial == nullptr || node.find("outcome") != nullptr) {
      refuse("tell: a step goes with a trial's number and a value",
             "it says how far that trial has come", "leave step out where a trial has ended");
    }
    out.step = read_step(*step, out.trial);
    // The whole, or no value: it has ended.
    out.step = out.step < rungs_.whole() && std::isfinite(out.value) ? out.step : 0;
  }
  out.observation.objective = natural_value(spec_.search.objective, out.value);
  for (const auto& [key, target] :
       {std::pair{"parameters", &out.observation.parameters},
        std::pair{"seconds", &out.observation.seconds},
        std::pair{"inference_seconds", &out.observation.inference_seconds_per_row}}) {
    if (const ConfigNode* value = node.find(key)) {
      *target = json_number(*value).value_or(std::nan(""));
    }
  }
  return out;
}

SuggestSession::Answer SuggestSession::tell(const ConfigNode& node) {
  const std::vector<ConfigNode> list =
      node.kind == ConfigNode::Kind::sequence ? node.items : std::vector<ConfigNode>{node};
  std::vector<Told> all;
  for (const ConfigNode& item : list) {
    all.push_back(read_told(item));
    check_second(all.back().observation);
    const bool twice =
        all.back().trial.value > 0 && std::count_if(all.begin(), all.end(), [&](const Told& t) {
                                        return t.trial == all.back().trial;
                                      }) > 1;
    if (twice) {
      refuse("tell: trial " + std::to_string(all.back().trial.value) + " twice", "", "");
    }
  }
  Answer out;
  std::string verdicts;
  for (const Told& told : all) {
    take(told, out.facts);
  }
  for (const Told& told : all) {
    if (told.step > 0) {
      verdicts += (verdicts.empty() ? "" : ",") + verdict_json(told.trial);
    }
  }
  out.line = "{\"told\":" + std::to_string(all.size()) +
             ",\"pending\":" + std::to_string(pending_.size()) +
             (verdicts.empty() ? "}" : ",\"trials\":[" + verdicts + "]}");
  return out;
}

SuggestSession::Answer SuggestSession::answer(const std::string& line) {
  ++line_;
  try {
    const ConfigNode root = read_json_line(line);
    if (root.kind != ConfigNode::Kind::map || root.members.size() != 1) {
      refuse("not one request", "a line is a mapping with one key",
             "{\"ask\":1}, {\"tell\":{\"trial\":1,\"value\":0.5}}, {\"best\":1} or "
             "{\"pending\":true}");
    }
    const auto& [verb, argument] = root.members.front();
    if (verb == "ask") {
      return ask(argument);
    }
    if (verb == "tell") {
      return tell(argument);
    }
    if (verb == "best") {
      return best(argument);
    }
    if (verb == "pending") {
      return pending();
    }
    refuse("no such request: '" + verb.substr(0, 60) + "'", "", "ask, tell, best or pending");
  } catch (const Error& error) {
    Json problems = Json::array();
    for (const Problem& p : error.problems()) {
      Json entry{{"what", p.what}};
      for (const auto& [key, text] : {std::pair{"why", &p.why}, std::pair{"hint", &p.hint}}) {
        if (!text->empty()) {
          entry[key] = *text;
        }
      }
      problems.push_back(std::move(entry));
    }
    const Json out{{"error", {{"line", line_}, {"problems", problems}}}};
    return {out.dump(-1, ' ', false, Json::error_handler_t::replace), {}};
  }
}

void SuggestSession::replay(const std::string& fact) {
  const ConfigNode root = read_json_line(fact);
  std::vector<std::string> again;
  if (const ConfigNode* told = root.find("tell")) {
    take(read_told(*told), again);
  } else if (root.find("exhausted") != nullptr) {
    exhausted_ = true;
    rungs_.all_created();
    stop_given_up();
  } else if (const ConfigNode* resumed = root.find("resume")) {
    const auto next = rungs_.next();
    if (!next || json_number(*resumed) != static_cast<double>(next->value)) {
      throw Error(ErrorKind::study, Problem{"", "a trial that cannot go on here", "",
                                            "is the history of another study?"});
    }
    rungs_.resume(*next);
  } else {
    const ConfigNode* trial = root.find("trial");
    const ConfigNode* configuration = root.find("configuration");
    std::vector<Problem> problems;
    PartialPoint given;
    if (configuration != nullptr) {
      given = read_configuration(space_, *configuration, [&](const ConfigurationProblem& p) {
        problems.push_back({p.where, p.what, p.why, p.hint});
      });
    }
    const Point point{given.values};
    if (trial == nullptr || json_number(*trial) != static_cast<double>(trials_.size() + 1) ||
        !problems.empty() || !space_.contains(point)) {
      throw Error(ErrorKind::study,
                  problems.empty() ? std::vector<Problem>{{"", "a trial that cannot follow here",
                                                           "", "is the history of another space?"}}
                                   : problems);
    }
    create(point, again);
  }
}

}  // namespace twostep
