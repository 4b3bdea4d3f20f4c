#include <cmath>
#include <cstdio>
#include <iterator>
#include <utility>

#include "control/json_writer.hpp"
#include "twostep/base/bytes.hpp"
#include "twostep/control/journal.hpp"

namespace twostep {
namespace {

void write_value(JsonWriter& w, const Value& value) {
  if (const auto* b = std::get_if<bool>(&value)) {
    w.boolean(*b);
  } else if (const auto* i = std::get_if<std::int64_t>(&value)) {
    w.integer(*i);
  } else if (const auto* d = std::get_if<double>(&value)) {
    // A real that happens to be whole must read back as a real.
    w.open_object();
    w.key("r");
    w.real(*d);
    w.close_object();
  } else if (const auto* s = std::get_if<std::string>(&value)) {
    w.text(*s);
  } else {
    w.null();
  }
}

// rmse, mae and r2 always, as older programs want them; the others where they are defined.
void write_metrics(JsonWriter& w, const TargetMetrics& m) {
  const std::pair<const char*, double> values[] = {{"rmse", m.rmse},
                                                   {"mae", m.mae},
                                                   {"r2", m.r2},
                                                   {"bias", m.bias},
                                                   {"accuracy", m.accuracy},
                                                   {"balanced_accuracy", m.balanced_accuracy},
                                                   {"loss", m.loss},
                                                   {"objective", m.objective}};
  w.open_object();
  w.key("target");
  w.text(m.target);
  for (std::size_t i = 0; i < std::size(values); ++i) {
    if (i < 3 || !std::isnan(values[i].second)) {
      w.key(values[i].first);
      w.real(values[i].second);
    }
  }
  w.close_object();
}

void write_evaluation(JsonWriter& w, std::string_view name, const Evaluation& e) {
  w.key(name);
  w.open_object();
  w.key("rows");
  w.natural(e.rows);
  w.key("loss");
  w.real(e.loss);
  w.key("overall");
  write_metrics(w, e.overall);
  w.key("targets");
  w.open_array();
  for (const TargetMetrics& t : e.targets) {
    write_metrics(w, t);
  }
  w.close_array();
  w.close_object();
}

void natural(JsonWriter& w, std::string_view key, std::uint64_t v) {
  w.key(key);
  w.natural(v);
}

void real(JsonWriter& w, std::string_view key, double v) {
  w.key(key);
  w.real(v);
}

void text(JsonWriter& w, std::string_view key, std::string_view v) {
  w.key(key);
  w.text(v);
}

// Where it was measured.
void inference_time(JsonWriter& w, double seconds_per_row) {
  if (!std::isnan(seconds_per_row)) {
    real(w, "inference_seconds_per_row", seconds_per_row);
  }
}

template <class T>
void id_list(JsonWriter& w, std::string_view key, const std::vector<T>& ids) {
  w.key(key);
  w.open_array();
  for (const T id : ids) {
    if constexpr (requires { id.value; }) {
      w.natural(id.value);
    } else {
      w.natural(id);
    }
  }
  w.close_array();
}

void write_training(JsonWriter& w, const Result& r) {
  real(w, "objective", r.objective);
  w.key("curve");
  w.open_array();
  for (const double v : r.curve) {
    w.real(v);
  }
  w.close_array();
  if (r.curve_from > 0) {
    natural(w, "curve_from", r.curve_from);
  }
  natural(w, "best_validation", r.best_validation);
  natural(w, "epochs", r.epochs);
  natural(w, "steps", r.steps);
  natural(w, "parameters", r.parameters);
}

void write_body(JsonWriter& w, const StudyCreated& e) {
  text(w, "event", "study_created");
  natural(w, "format", 1);
  text(w, "spec", e.spec_json);
  text(w, "data_digest", e.data_digest);
}

void write_body(JsonWriter& w, const RunStarted& e) {
  text(w, "event", "run_started");
  natural(w, "format", 1);
  natural(w, "run", e.run.value);
  text(w, "build", e.build);
  natural(w, "workers", e.workers);
  natural(w, "accepted_seq", e.accepted_seq);
  w.key("subset_present");
  w.boolean(e.subset_present);
  w.key("full_present");
  w.boolean(e.full_present);
  text(w, "host", e.host);
  w.key("wall_ns");
  w.integer(e.wall_ns);
}

void write_point(JsonWriter& w, const Point& point) {
  w.key("point");
  w.open_array();
  for (const Value& v : point.values) {
    write_value(w, v);
  }
  w.close_array();
}

void write_body(JsonWriter& w, const TrialCreated& e) {
  text(w, "event", "trial_created");
  natural(w, "trial", e.trial.value);
  write_point(w, e.point);
}

void write_body(JsonWriter& w, const WarmStarted& e) {
  text(w, "event", "warm_started");
  text(w, "source", e.source);
  natural(w, "left_out", e.left_out);
  w.key("trials");
  w.open_array();
  for (const PriorTrial& t : e.trials) {
    w.open_object();
    write_point(w, t.point);
    text(w, "outcome", name(t.outcome));
    real(w, "objective", t.objective);
    real(w, "parameters", t.parameters);
    real(w, "seconds", t.seconds);
    if (t.fidelity != 1) {
      real(w, "fidelity", t.fidelity);
    }
    inference_time(w, t.inference_seconds_per_row);
    w.close_object();
  }
  w.close_array();
}

void write_body(JsonWriter& w, const Dispatched& e) {
  const Assignment& a = e.assignment;
  text(w, "event", "dispatched");
  natural(w, "assignment", a.id.value);
  natural(w, "run", a.run.value);
  natural(w, "attempt", a.attempt);
  text(w, "kind", name(a.kind));
  natural(w, "trial", a.trial.value);
  id_list(w, "team", a.team);
  if (a.until > 0) {
    natural(w, "until", a.until);
  }
  if (a.rows > 0) {
    natural(w, "rows", a.rows);
  }
}

void write_body(JsonWriter& w, const Finished& e) {
  const Result& r = e.result;
  text(w, "event", "finished");
  natural(w, "assignment", r.assignment.value);
  natural(w, "run", r.run.value);
  text(w, "kind", name(r.kind));
  natural(w, "trial", r.trial.value);
  text(w, "outcome", name(r.outcome));
  if (r.kind == AssignmentKind::trial || r.kind == AssignmentKind::retrain) {
    write_training(w, r);
  }
  real(w, "seconds", r.seconds);
  if (!r.message.empty()) {
    text(w, "message", r.message);
    text(w, "error", name(r.error));
  }
  if (r.kind == AssignmentKind::retrain) {
    write_evaluation(w, "validation", r.validation);
    write_evaluation(w, "test", r.test);
    real(w, "inference_seconds_per_row", r.inference_seconds_per_row);
    text(w, "model_file", r.model_file);
    text(w, "reading", r.reading);
  } else if (r.kind == AssignmentKind::trial) {
    inference_time(w, r.inference_seconds_per_row);
  } else {
    natural(w, "train_rows", r.train_rows);
    natural(w, "validation_rows", r.validation_rows);
    natural(w, "test_rows", r.test_rows);
    natural(w, "dropped_rows", r.dropped_rows);
  }
}

void write_body(JsonWriter& w, const WorkerLost& e) {
  text(w, "event", "worker_lost");
  natural(w, "worker", e.worker.value);
  text(w, "why", e.why);
}

void write_body(JsonWriter& w, const TrialStopped& e) {
  text(w, "event", "trial_stopped");
  natural(w, "trial", e.trial.value);
}

void write_body(JsonWriter& w, const SearchExhausted& e) {
  text(w, "event", "search_exhausted");
  natural(w, "trials", e.trials);
}

void write_body(JsonWriter& w, const FinalistsChosen& e) {
  text(w, "event", "finalists_chosen");
  id_list(w, "finalists", e.finalists);
}

void write_body(JsonWriter& w, const TeamsPlanned& e) {
  text(w, "event", "teams_planned");
  id_list(w, "sizes", e.sizes);
  if (e.workers > 0) {
    id_list(w, "places", e.places);
    w.key("seconds");
    w.open_array();
    for (const double s : e.seconds) {
      w.real(s);
    }
    w.close_array();
    real(w, "all_seconds", e.all_seconds);
    natural(w, "workers", e.workers);
  }
}

void write_body(JsonWriter& w, const StudyEnded& e) {
  text(w, "event", "study_ended");
  w.key("success");
  w.boolean(e.success);
  text(w, "error", name(e.error));
  text(w, "message", e.message);
}

void write_body(JsonWriter& w, const RunEnded& e) {
  text(w, "event", "run_ended");
  text(w, "reason", e.reason);
}

}  // namespace

std::string encode_event(const NumberedEvent& event) {
  std::string body;
  body.reserve(256);
  JsonWriter w(body);
  w.open_object();
  natural(w, "seq", event.seq);
  std::visit([&](const auto& e) { write_body(w, e); }, event.event);
  w.close_object();
  const std::string_view covered = std::string_view(body).substr(1);
  char head[24];
  std::snprintf(head, sizeof head, "{\"crc\":\"%08x\",", crc32c(covered));
  std::string line(head);
  line.append(covered);
  line += '\n';
  return line;
}

}  // namespace twostep
