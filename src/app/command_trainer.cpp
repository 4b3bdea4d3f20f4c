#include "app/command_trainer.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "adapters/posix/executable.hpp"
#include "adapters/posix/host.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/log.hpp"
#include "twostep/base/rng.hpp"
#include "twostep/study/configuration.hpp"

namespace twostep {
namespace {

using Json = nlohmann::ordered_json;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint64_t most_seed = std::uint64_t{1} << 32;  // what every library takes

}  // namespace

CommandTrainer::CommandTrainer(const StudySpec& spec, const Space& space, Files& files,
                               Clock& clock)
    : spec_(spec), space_(space), files_(files), clock_(clock), out_(0), err_(0) {
  const std::vector<std::string>& command = spec.trainer.command;
  std::copy_if(command.begin() + 1, command.end(), std::back_inserter(files_named_), exists);
}

std::string CommandTrainer::folder() const {
  const bool retrains = assignment_->kind == AssignmentKind::retrain;
  return (retrains ? "finalists/" : "trials/") + std::to_string(assignment_->trial.value);
}

void CommandTrainer::start(const Assignment& assignment) {
  TWOSTEP_REQUIRE(!assignment_);
  assignment_ = assignment;
  const bool rung = assignment.until < assignment.budget.amount;
  said_ = SaidCurve(rung ? assignment.until : 0, spec_.trainer.maximise);
  out_ = Excerpt(spec_.trainer.output_kib * 1024);
  err_ = Excerpt(spec_.trainer.output_kib * 1024);
  before_ = 0;
}

std::string CommandTrainer::configuration() const {
  const Assignment& a = *assignment_;
  const bool full = a.kind == AssignmentKind::retrain;
  const bool epochs = a.budget.unit == BudgetUnit::epochs;
  const SubsetSpec& subset = spec_.search.subset;
  Json json{{"study", spec_.name}, {"trial", a.trial.value}, {"attempt", a.attempt}};
  const Rng rng(spec_.seed, Purpose::initialise, a.trial.value);
  json["seed"] = static_cast<std::uint64_t>(rng.uniform(0) * static_cast<double>(most_seed));
  json["full_data"] = full;
  json["configuration"] = Json::parse(configuration_json(space_, a.point));
  json["budget"] = {{epochs ? "epochs" : "steps", a.budget.amount}};
  json["until"] = a.until > 0 ? Json(a.until) : Json();
  json["subset"] = Json();
  if (!full && (a.rows > 0 || subset.rows > 0)) {
    json["subset"] = {{"rows", a.rows > 0 ? a.rows : subset.rows}};
  } else if (!full && subset.fraction > 0) {
    json["subset"] = {{"fraction", subset.fraction}};
  }
  json["directory"] = real_path(spec_.directory) + "/" + folder();
  return json.dump(1) + "\n";
}

void CommandTrainer::launch() {
  files_.make_folder(folder().substr(0, folder().find('/')));
  files_.make_folder(folder());
  const std::string text = configuration();
  files_.replace(folder() + "/config.json", text);
  const Json json = Json::parse(text);
  const std::string directory = json["directory"];
  ProgramOptions options;
  options.command = spec_.trainer.command;
  options.grace_seconds = spec_.trainer.grace_seconds;
  options.environment = environment_of_programs();
  const auto set = [&](const char* name, const std::string& value) {
    std::erase_if(options.environment, [&](const auto& entry) { return entry.first == name; });
    options.environment.emplace_back(name, value);
  };
  set("TWOSTEP_CONFIG", directory + "/config.json");
  set("TWOSTEP_DIRECTORY", directory);
  set("TWOSTEP_TRIAL", json["trial"].dump());
  set("TWOSTEP_ATTEMPT", json["attempt"].dump());
  set("TWOSTEP_SEED", json["seed"].dump());
  set("TWOSTEP_FULL_DATA", json["full_data"].get<bool>() ? "1" : "0");
  set("TWOSTEP_BUDGET", std::to_string(assignment_->budget.amount));
  set("TWOSTEP_BUDGET_UNIT", assignment_->budget.unit == BudgetUnit::epochs ? "epochs" : "steps");
  begun_ = clock_.now();
  program_ = std::make_unique<Program>(options);
}

Result CommandTrainer::result(Outcome outcome, const std::string& message) const {
  Result r;
  r.outcome = outcome;
  r.message = message;
  r.error = ErrorKind::trial;
  const bool good = outcome == Outcome::finished || outcome == Outcome::paused;
  r.objective = good ? said_.last().value : nothing;
  for (const auto& [at, value] : said_.points()) {
    r.curve.push_back(value);
  }
  r.best_validation = good ? static_cast<std::uint32_t>(r.curve.size()) : 0;
  (assignment_->budget.unit == BudgetUnit::epochs ? r.epochs : r.steps) = said_.done();
  r.parameters =
      static_cast<std::uint64_t>(std::clamp(said_.last().parameters.value_or(0), 0.0, 9e15));
  if (assignment_->kind == AssignmentKind::retrain ||
      spec_.search.second_objective == SecondObjective::inference_seconds) {
    const double said = said_.last().inference_seconds.value_or(nothing);
    r.inference_seconds_per_row = said >= 0 ? said : nothing;
  }
  r.seconds = before_ + seconds(clock_.now() - begun_);
  return r;
}

Result CommandTrainer::ended_with(const ProgramEnd& end) const {
  const std::string words = last_words(err_.text());
  const std::string why = words.empty() ? "" : ": " + words;
  if (end != ProgramEnd{}) {
    return result(Outcome::failed, "the command " + end_text(end) + why);
  }
  if (!said_.any()) {
    return result(
        Outcome::failed,
        "the command printed no value; it should print lines like {\"value\": 0.25}" + why);
  }
  const bool trial = assignment_->kind == AssignmentKind::trial;
  const std::string lacking = trial ? lacking_of(said_.last(), spec_.search.second_objective) : "";
  if (!lacking.empty()) {
    return result(Outcome::failed, lacking + why);
  }
  const bool part = trial && assignment_->rows > 0 && assignment_->rows < spec_.search.subset.rows;
  return result(part ? Outcome::paused : Outcome::finished, "");  // a whole training on some rows
}

// What kept the program from its work, if that is not this configuration's doing.
std::optional<Problem> CommandTrainer::find_cause(const ProgramEnd& end) const {
  constexpr int not_run = 126;    // as `env` and the like have it of what they were to become,
  constexpr int not_found = 127;  // or do not find
  const std::string& program = spec_.trainer.command.front();
  // A script may go between its start and its being read.
  const bool failed = (end.code != 0 || end.signal != 0) && !said_.any();
  if (end.start_error != 0 || (failed && !find_program(program))) {
    return program_problem(program, end.start_error != 0 ? end.start_error : ENOENT);
  }
  if (!failed) {
    return std::nullopt;
  }
  const auto gone = std::find_if_not(files_named_.begin(), files_named_.end(), exists);
  if (gone != files_named_.end()) {
    return Problem{"", "no such file: " + *gone, "it was there when the run began", put_it_back};
  }
  return end.code == not_run || end.code == not_found ? program_problem(program) : std::nullopt;
}

void CommandTrainer::refuse(ErrorKind kind, const Problem& problem) {
  program_.reset();
  assignment_.reset();
  const std::string place = problem.where.empty() ? "" : problem.where + ": ";
  throw TrainerUnavailable(
      kind,
      Problem{spec_.trainer.command_at.text,
              "trainer.command on " + host_name() + ": " + place + problem.what, problem.why,
              problem.hint.empty() ? "mend it; the same command then goes on" : problem.hint});
}

// Results do not depend on it.
void CommandTrainer::keep_output() {
  try {
    files_.replace(folder() + "/stdout.txt", out_.text());
    files_.replace(folder() + "/stderr.txt", err_.text());
  } catch (const Error& error) {
    log(LogLevel::warning, std::string("the output of a program was not kept: ") + error.what());
  }
}

Result CommandTrainer::leave(Result result) {
  keep_output();
  leaving_ = std::move(program_);
  if (leaving_->ended()) {
    leaving_.reset();
  } else {
    leaving_->terminate();
  }
  if (result.outcome != Outcome::paused || assignment_->until == 0) {
    assignment_.reset();  // else it is saved, and stopped then
  }
  return result;
}

bool CommandTrainer::ready(Duration slice) {
  if (leaving_) {
    leaving_->read(slice);  // what it says now is not heard any more
    if (leaving_->ended()) {
      leaving_.reset();
    }
  }
  return !leaving_;
}

std::optional<Result> CommandTrainer::advance(Duration slice) {
  TWOSTEP_REQUIRE(assignment_.has_value());
  if (!ready(slice)) {
    return std::nullopt;
  }
  if (!program_) {
    try {
      launch();
    } catch (const Error& error) {
      refuse(error.kind(), error.problems().front());
    }
  }
  const Program::Output text = program_->read(slice);
  out_.add(text.out);
  err_.add(text.err);
  said_.hear(text.out);
  const auto& end = program_->ended();
  if (end) {
    said_.hear_end();
    if (const auto cause = find_cause(*end)) {
      refuse(ErrorKind::io, *cause);
    }
  }
  if (said_.diverged()) {
    return leave(result(Outcome::diverged, "the command's value is not finite"));
  }
  if (said_.reached()) {
    return leave(result(Outcome::paused, ""));
  }
  return end ? std::optional(leave(ended_with(*end))) : std::nullopt;
}

Progress CommandTrainer::progress() const {
  Progress out;
  if (!assignment_) {
    return out;
  }
  (assignment_->budget.unit == BudgetUnit::epochs ? out.epochs : out.steps) = said_.done();
  out.best = said_.any() ? said_.last().value : nothing;
  return out;
}

Bytes CommandTrainer::save() const {
  ByteWriter writer;
  writer.f64(before_ + seconds(clock_.now() - begun_));
  writer.u64(said_.points().size());
  for (const auto& [at, value] : said_.points()) {
    writer.u64(at);
    writer.f64(value);
  }
  return writer.take();
}

// The program goes on from its own files, if it keeps any, and says from where; else it begins
// anew, and what it says takes the place of what is loaded.
void CommandTrainer::load(std::span<const std::byte> state) {
  ByteReader reader(state);
  before_ = reader.f64();
  const std::uint64_t values = reader.u64();
  for (std::uint64_t i = 0; i < values; ++i) {
    const std::uint64_t at = reader.u64();
    said_.remember(at, reader.f64());
  }
  reader.expect_end();
}

void CommandTrainer::stop() {
  if (program_) {
    keep_output();
    leaving_ = std::move(program_);
    leaving_->terminate();
  }
  assignment_.reset();
}

}  // namespace twostep
