#include "app/command_trainer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

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
    : spec_(spec), space_(space), files_(files), clock_(clock), out_(0), err_(0) {}

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
  r.inference_seconds_per_row = said_.last().inference_seconds.value_or(nothing);
  r.seconds = before_ + seconds(clock_.now() - begun_);
  return r;
}

Result CommandTrainer::ended_with(int status) const {
  constexpr int killed = 128;
  constexpr int most_signal = 64;
  const std::string words = last_words(err_.text());
  const std::string why = words.empty() ? "" : ": " + words;
  if (status > killed && status <= killed + most_signal) {
    return result(Outcome::failed,
                  "the command was ended by signal " + std::to_string(status - killed) + why);
  }
  if (status != 0) {
    return result(Outcome::failed,
                  "the command ended with exit code " + std::to_string(status) + why);
  }
  if (!said_.any()) {
    return result(
        Outcome::failed,
        "the command printed no value; it should print lines like {\"value\": 0.25}" + why);
  }
  const bool part = assignment_->kind == AssignmentKind::trial && assignment_->rows > 0 &&
                    assignment_->rows < spec_.search.subset.rows;
  return result(part ? Outcome::paused : Outcome::finished, "");  // a whole training on some rows
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
    } catch (const Error&) {
      assignment_.reset();
      throw;
    }
  }
  const Program::Output text = program_->read(slice);
  out_.add(text.out);
  err_.add(text.err);
  said_.hear(text.out);
  const auto status = program_->ended();
  if (status) {
    said_.hear_end();
  }
  if (said_.diverged()) {
    return leave(result(Outcome::diverged, "the command's value is not finite"));
  }
  if (said_.reached()) {
    return leave(result(Outcome::paused, ""));
  }
  return status ? std::optional(leave(ended_with(*status))) : std::nullopt;
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
