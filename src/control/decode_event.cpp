#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "twostep/base/bytes.hpp"
#include "twostep/base/error.hpp"
#include "twostep/control/journal.hpp"

namespace twostep {
namespace {

using Json = nlohmann::json;

constexpr std::size_t head_bytes = 18;  // {"crc":"xxxxxxxx",

[[noreturn]] void damaged(const std::string& why) {
  throw Error(ErrorKind::study, Problem{"", "a damaged journal line", why, ""});
}

template <class T>
T natural(const Json& json, const char* key) {
  return json.at(key).get<T>();
}

double real(const Json& json) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    const double inf = std::numeric_limits<double>::infinity();
    return text == "nan" ? std::numeric_limits<double>::quiet_NaN() : text == "inf" ? inf : -inf;
  }
  return json.get<double>();
}

// Of a trial, where it was measured.
double inference_time(const Json& json) {
  const auto found = json.find("inference_seconds_per_row");
  return found == json.end() ? std::numeric_limits<double>::quiet_NaN() : real(*found);
}

Value read_value(const Json& json) {
  if (json.is_boolean()) {
    return json.get<bool>();
  }
  if (json.is_number()) {
    return json.get<std::int64_t>();
  }
  if (json.is_object()) {
    return real(json.at("r"));
  }
  if (json.is_string()) {
    return json.get<std::string>();
  }
  return std::monostate{};
}

TargetMetrics read_metrics(const Json& json) {
  TargetMetrics m;
  m.target = json.at("target").get<std::string>();
  m.rmse = real(json.at("rmse"));
  m.mae = real(json.at("mae"));
  m.r2 = real(json.at("r2"));
  const auto read = [&](const char* key, double& out) {
    if (json.contains(key)) {
      out = real(json.at(key));
    }
  };
  read("bias", m.bias);
  read("accuracy", m.accuracy);
  read("balanced_accuracy", m.balanced_accuracy);
  read("loss", m.loss);
  read("objective", m.objective);
  return m;
}

Evaluation read_evaluation(const Json& json) {
  Evaluation out;
  out.rows = natural<std::uint64_t>(json, "rows");
  out.loss = real(json.at("loss"));
  if (json.contains("overall")) {  // journals of the first version have none
    out.overall = read_metrics(json.at("overall"));
  }
  for (const Json& t : json.at("targets")) {
    out.targets.push_back(read_metrics(t));
  }
  return out;
}

template <class T, class Rep>
std::vector<T> id_list(const Json& json) {
  std::vector<T> out;
  for (const Json& v : json) {
    out.push_back(T(v.get<Rep>()));
  }
  return out;
}

void check_format(const Json& json) {
  const auto format = natural<std::uint64_t>(json, "format");
  if (format != 1) {
    throw Error(ErrorKind::study, Problem{"",
                                          "the journal has format " + std::to_string(format) +
                                              ", this program knows format 1",
                                          "it was written by a newer twostep", "use that version"});
  }
}

template <class Enum>
Enum enumerator(const Json& json, const char* key) {
  Enum out{};
  const auto text = json.at(key).get<std::string>();
  if (!parse_name(text, out)) {
    damaged("unknown " + std::string(key) + " '" + text + "'");
  }
  return out;
}

Event read_created(const Json& json) {
  check_format(json);
  return StudyCreated{json.at("spec").get<std::string>(),
                      json.at("data_digest").get<std::string>()};
}

Event read_run_started(const Json& json) {
  check_format(json);
  RunStarted e;
  e.run = RunId(natural<std::uint32_t>(json, "run"));
  e.build = json.at("build").get<std::string>();
  e.workers = natural<std::uint32_t>(json, "workers");
  e.accepted_seq = natural<std::uint64_t>(json, "accepted_seq");
  e.subset_present = json.at("subset_present").get<bool>();
  e.full_present = json.at("full_present").get<bool>();
  e.host = json.at("host").get<std::string>();
  e.wall_ns = json.at("wall_ns").get<std::int64_t>();
  return e;
}

Point read_point(const Json& json) {
  Point point;
  for (const Json& v : json.at("point")) {
    point.values.push_back(read_value(v));
  }
  return point;
}

Event read_trial_created(const Json& json) {
  return TrialCreated{TrialId(natural<std::uint32_t>(json, "trial")), read_point(json)};
}

Event read_warm_started(const Json& json) {
  WarmStarted e;
  e.source = json.at("source").get<std::string>();
  e.left_out = natural<std::uint64_t>(json, "left_out");
  for (const Json& t : json.at("trials")) {
    const double fidelity = t.contains("fidelity") ? real(t.at("fidelity")) : 1;
    if (!(fidelity > 0 && fidelity <= 1)) {
      damaged("an earlier trial's fidelity is no share");
    }
    e.trials.push_back({read_point(t), enumerator<Outcome>(t, "outcome"), real(t.at("objective")),
                        real(t.at("parameters")), real(t.at("seconds")), fidelity,
                        inference_time(t)});
  }
  return e;
}

Event read_dispatched(const Json& json) {
  Dispatched e;
  Assignment& a = e.assignment;
  a.id = AssignmentId(natural<std::uint64_t>(json, "assignment"));
  a.run = RunId(natural<std::uint32_t>(json, "run"));
  a.attempt = natural<std::uint32_t>(json, "attempt");
  a.kind = enumerator<AssignmentKind>(json, "kind");
  a.trial = TrialId(natural<std::uint32_t>(json, "trial"));
  a.team = id_list<WorkerId, std::uint32_t>(json.at("team"));
  a.until = json.value("until", std::uint64_t{0});
  a.rows = json.value("rows", std::uint64_t{0});
  return e;
}

Event read_finished(const Json& json) {
  Finished e;
  Result& r = e.result;
  r.assignment = AssignmentId(natural<std::uint64_t>(json, "assignment"));
  r.run = RunId(natural<std::uint32_t>(json, "run"));
  r.kind = enumerator<AssignmentKind>(json, "kind");
  r.trial = TrialId(natural<std::uint32_t>(json, "trial"));
  r.outcome = enumerator<Outcome>(json, "outcome");
  r.seconds = real(json.at("seconds"));
  if (r.kind == AssignmentKind::trial || r.kind == AssignmentKind::retrain) {
    r.objective = real(json.at("objective"));
    for (const Json& v : json.at("curve")) {
      r.curve.push_back(real(v));
    }
    r.curve_from = json.value("curve_from", std::uint64_t{0});
    r.best_validation = natural<std::uint32_t>(json, "best_validation");
    r.epochs = natural<std::uint64_t>(json, "epochs");
    r.steps = natural<std::uint64_t>(json, "steps");
    r.parameters = natural<std::uint64_t>(json, "parameters");
    r.inference_seconds_per_row = r.kind == AssignmentKind::retrain
                                      ? real(json.at("inference_seconds_per_row"))
                                      : inference_time(json);
  }
  if (json.contains("message")) {
    r.message = json.at("message").get<std::string>();
    r.error = error_kind_from_name(json.at("error").get<std::string>());
  }
  if (r.kind == AssignmentKind::retrain) {
    r.validation = read_evaluation(json.at("validation"));
    r.test = read_evaluation(json.at("test"));
    r.model_file = json.at("model_file").get<std::string>();
    r.reading = json.value("reading", "");
  } else if (r.kind != AssignmentKind::trial) {
    r.train_rows = natural<std::uint64_t>(json, "train_rows");
    r.validation_rows = natural<std::uint64_t>(json, "validation_rows");
    r.test_rows = natural<std::uint64_t>(json, "test_rows");
    r.dropped_rows = natural<std::uint64_t>(json, "dropped_rows");
  }
  return e;
}

Event read_teams_planned(const Json& json) {
  TeamsPlanned e;
  e.sizes = id_list<std::uint32_t, std::uint32_t>(json.at("sizes"));
  if (json.contains("workers")) {
    e.places = id_list<std::uint32_t, std::uint32_t>(json.at("places"));
    for (const Json& v : json.at("seconds")) {
      e.seconds.push_back(real(v));
    }
    e.all_seconds = real(json.at("all_seconds"));
    e.workers = natural<std::uint32_t>(json, "workers");
  }
  return e;
}

Event read_other(const std::string& kind, const Json& json) {
  if (kind == "worker_lost") {
    return WorkerLost{WorkerId(natural<std::uint32_t>(json, "worker")),
                      json.at("why").get<std::string>()};
  }
  if (kind == "trial_stopped") {
    return TrialStopped{TrialId(natural<std::uint32_t>(json, "trial"))};
  }
  if (kind == "search_exhausted") {
    return SearchExhausted{natural<std::uint32_t>(json, "trials")};
  }
  if (kind == "finalists_chosen") {
    return FinalistsChosen{id_list<TrialId, std::uint32_t>(json.at("finalists"))};
  }
  if (kind == "warm_started") {
    return read_warm_started(json);
  }
  if (kind == "teams_planned") {
    return read_teams_planned(json);
  }
  if (kind == "study_ended") {
    return StudyEnded{json.at("success").get<bool>(),
                      error_kind_from_name(json.at("error").get<std::string>()),
                      json.at("message").get<std::string>()};
  }
  if (kind == "run_ended") {
    return RunEnded{json.at("reason").get<std::string>()};
  }
  damaged("unknown event '" + kind + "'");
}

Event read_event(const Json& json) {
  const auto kind = json.at("event").get<std::string>();
  if (kind == "finished") {
    return read_finished(json);
  }
  if (kind == "dispatched") {
    return read_dispatched(json);
  }
  if (kind == "trial_created") {
    return read_trial_created(json);
  }
  if (kind == "study_created") {
    return read_created(json);
  }
  if (kind == "run_started") {
    return read_run_started(json);
  }
  return read_other(kind, json);
}

std::uint32_t read_crc(std::string_view line) {
  if (line.size() < head_bytes + 2 || line.substr(0, 8) != "{\"crc\":\"" ||
      line.substr(16, 2) != "\",") {
    damaged("it does not begin with its checksum");
  }
  std::uint32_t crc = 0;
  const auto result = std::from_chars(line.data() + 8, line.data() + 16, crc, 16);
  if (result.ec != std::errc() || result.ptr != line.data() + 16) {
    damaged("its checksum is not readable");
  }
  return crc;
}

}  // namespace

NumberedEvent decode_event(std::string_view line) {
  const std::uint32_t crc = read_crc(line);
  const std::string_view covered = line.substr(head_bytes);
  if (crc32c(covered) != crc) {
    damaged("its checksum does not match");
  }
  try {
    const Json json = Json::parse(line);
    return {natural<std::uint64_t>(json, "seq"), read_event(json)};
  } catch (const Json::exception& error) {
    damaged(error.what());
  }
}

}  // namespace twostep
