#include "app/describe_event.hpp"

#include <cstdio>
#include <ctime>

namespace twostep {
namespace {

std::string time_text(std::int64_t wall_ns) {
  const std::time_t t = wall_ns / 1'000'000'000;
  std::tm parts{};
  ::gmtime_r(&t, &parts);
  char out[32];
  std::strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return out;
}

std::string short_number(double v) {
  char out[32];
  std::snprintf(out, sizeof out, "%.6g", v);
  return out;
}

std::string what(AssignmentKind kind, TrialId trial) {
  switch (kind) {
    case AssignmentKind::extract_subset:
      return "extraction of the subset";
    case AssignmentKind::extract_full:
      return "extraction of all rows";
    case AssignmentKind::trial:
      return "trial " + std::to_string(trial.value);
    case AssignmentKind::retrain:
      return "retraining of trial " + std::to_string(trial.value);
  }
  return "";
}

template <class List>
std::string list_text(const List& list) {
  std::string out;
  for (const auto& item : list) {
    out += (out.empty() ? "" : " ") + std::to_string(item);
  }
  return out;
}

struct Describer {
  Metric objective;
  bool command;
  std::string operator()(const StudyCreated& e) const {
    return "study created, data " + e.data_digest;
  }
  std::string operator()(const RunStarted& e) const {
    return "run " + std::to_string(e.run.value) + " started on " + e.host + " at " +
           time_text(e.wall_ns) + ", " + std::to_string(e.workers) + " workers (" + e.build + ")";
  }
  std::string operator()(const TrialCreated& e) const {
    std::string out = "trial " + std::to_string(e.trial.value) + " created:";
    for (const Value& v : e.point.values) {
      out += " " + (is_active(v) ? to_text(v) : "-");
    }
    return out;
  }
  std::string operator()(const Dispatched& e) const {
    const Assignment& a = e.assignment;
    std::string out = what(a.kind, a.trial) + " given to";
    for (const WorkerId id : a.team) {
      out += " " + std::to_string(id.value);
    }
    if (a.until > 0) {
      out += ", until " + std::to_string(a.until);
    }
    if (a.rows > 0) {
      out += ", on " + std::to_string(a.rows) + " rows";
    }
    return out + (a.attempt > 1 ? ", attempt " + std::to_string(a.attempt) : "");
  }
  std::string operator()(const Finished& e) const {
    const Result& r = e.result;
    std::string out = what(r.kind, r.trial) + " " + name(r.outcome);
    if ((r.outcome == Outcome::finished || r.outcome == Outcome::paused) &&
        (r.kind == AssignmentKind::trial || r.kind == AssignmentKind::retrain)) {
      out += ", " + objective_name(objective, command) + " " +
             short_number(natural_value(objective, r.objective)) + " after " +
             std::to_string(r.epochs) + " epochs";
    } else if (r.outcome == Outcome::finished) {
      out += ": " + std::to_string(r.train_rows) + " training, " +
             std::to_string(r.validation_rows) + " validation, " + std::to_string(r.test_rows) +
             " test rows";
    }
    out += ", " + short_number(r.seconds) + " s";
    return out + (r.message.empty() ? "" : ": " + r.message);
  }
  std::string operator()(const WarmStarted& e) const {
    return "search begun with " + std::to_string(e.trials.size()) + " trials of " + e.source +
           (e.left_out > 0 ? ", " + std::to_string(e.left_out) + " left out" : "");
  }
  std::string operator()(const TrialStopped& e) const {
    return "trial " + std::to_string(e.trial.value) + " stopped: it goes no further";
  }
  std::string operator()(const WorkerLost& e) const {
    return "worker " + std::to_string(e.worker.value) + " lost: " + e.why;
  }
  std::string operator()(const SearchExhausted& e) const {
    return "search exhausted after " + std::to_string(e.trials) + " trials";
  }
  std::string operator()(const FinalistsChosen& e) const {
    std::vector<std::uint32_t> ids;
    for (const TrialId id : e.finalists) {
      ids.push_back(id.value);
    }
    return "finalists chosen: " + list_text(ids);
  }
  std::string operator()(const TeamsPlanned& e) const {
    std::string out = "ranks per finalist: " + list_text(e.sizes);
    if (e.workers > 0) {
      out += " of " + std::to_string(e.workers) + ", some " + short_number(e.all_seconds) +
             " s in all by the cost model";
    }
    return out;
  }
  std::string operator()(const StudyEnded& e) const {
    return e.success ? "study finished" : "study failed: " + e.message;
  }
  std::string operator()(const RunEnded& e) const { return "run ended: " + e.reason; }
};

}  // namespace

std::string objective_name(Metric objective, bool command) {
  return command ? "value" : is_loss(objective) ? "loss" : name(objective);
}

std::string describe(const Event& event, Metric objective, bool command) {
  return std::visit(Describer{objective, command}, event);
}

}  // namespace twostep
