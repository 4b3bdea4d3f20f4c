#include "app/warm_start.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "app/study_folder.hpp"
#include "twostep/base/error.hpp"
#include "twostep/search/sampler.hpp"
#include "twostep/study/algorithm.hpp"
#include "twostep/study/prior_trials.hpp"

namespace twostep {
namespace {

constexpr const char* accepted =
    "give the study.directory of an earlier study, a .csv file of trials, or Optuna's journal";

[[noreturn]] void refuse_source(const StudySpec& spec, const std::string& what,
                                const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::config,
              Problem{spec.search.warm_start_at.text, "search.warm_start: " + what, why, hint});
}

std::string read_file(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return make_posix_files(folder)->read(path.substr(slash + 1)).value_or("");
}

bool is_table(const std::string& path) {
  std::string end = path.substr(path.size() - std::min<std::size_t>(4, path.size()));
  std::transform(end.begin(), end.end(), end.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return end == ".csv";
}

TrialsRead from_file(const StudySpec& spec, const Space& space, const std::string& path,
                     const std::string& study) {
  const std::string text = read_file(path);
  if (text.starts_with("SQLite format 3")) {
    refuse_source(
        spec, path + " is an SQLite database",
        "of Optuna's storages only the journal's file can be read",
        "write study.trials_dataframe().to_csv(\"trials.csv\"), or optuna.copy_study to a "
        "JournalFileStorage");
  }
  return is_table(path) ? read_trials_csv(text, path, spec, space)
                        : read_optuna_journal(text, path, study, spec, space);
}

const char* ranking(const StudySpec& spec) {
  return spec.runs_command() ? spec.trainer.maximise ? "its command's values, maximised"
                                                     : "its command's values, minimised"
                             : name(spec.search.objective);
}

TrialsRead from_study(const StudySpec& spec, const Space& space, const std::string& path) {
  const RecordedStudy earlier = read_study(path);
  if (earlier.spec.search.objective != spec.search.objective) {
    refuse_source(spec, path + " ranked its trials by " + ranking(earlier.spec),
                  std::string("this study ranks by ") + ranking(spec),
                  spec.runs_command() ? "use the same trainer.goal, or leave search.warm_start out"
                                      : "use the same search.objective, or leave search.warm_start "
                                        "out");
  }
  TrialsRead out;
  out.warm.source = path;
  const auto whole = static_cast<double>(rung_levels(earlier.spec.search).back());
  for (const TrialRecord& trial : earlier.state.trials) {
    if (trial.status != TrialStatus::done) {
      continue;
    }
    std::string why;
    const auto point = translate(earlier.spec, earlier.space, trial.point, spec, space, &why);
    if (!point) {
      out.leave_out("trial " + std::to_string(trial.id.value), why);
      continue;
    }
    const Result& r = trial.result;
    const bool good = succeeded(r.outcome) && std::isfinite(r.objective);
    out.warm.trials.push_back({*point, good ? Outcome::finished : Outcome::failed,
                               good ? r.objective : std::nan(""), observe(r).parameters, r.seconds,
                               good && r.outcome == Outcome::stopped
                                   ? share_spent(static_cast<double>(trial.reached), whole)
                                   : 1,
                               r.inference_seconds_per_row});
  }
  return out;
}

// old.log#name is a study in a journal, unless a file is called so.
TrialsRead from_path(const StudySpec& spec, const Space& space, const std::string& given) {
  const std::size_t hash = exists(given) ? std::string::npos : given.rfind('#');
  const std::string path = given.substr(0, hash);
  const std::string study = hash == std::string::npos ? "" : given.substr(hash + 1);
  if (!exists(path)) {
    const bool url = given.find("://") != std::string::npos;
    refuse_source(
        spec,
        is_table(path) || path.ends_with(".log") ? "no such file: " + path : "no study in " + path,
        url ? "Optuna's databases cannot be read" : "there is nothing of that name",
        url ? "write study.trials_dataframe().to_csv(\"trials.csv\") and give that" : accepted);
  }
  const std::string own = real_path(spec.directory);
  const std::string real = real_path(path);
  if (real == own || real.starts_with(own + "/")) {
    refuse_source(spec, path + " is in the study's own directory",
                  "a study goes on with its own trials without it", "name an earlier study's");
  }
  if (std::filesystem::is_regular_file(path)) {
    return from_file(spec, space, path, study);
  }
  if (!std::filesystem::is_directory(path) || !holds_study(*make_posix_files(path))) {
    refuse_source(spec, "no study in " + path, "there is no journal in it", accepted);
  }
  return from_study(spec, space, path);
}

// What the algorithm would ignore, or could make nothing of.
void check_use(const StudySpec& spec, const TrialsRead& read) {
  const std::string nothing = "nothing to learn from " + read.warm.source;
  const std::string hint = "leave search.warm_start out, or let the spaces overlap";
  const auto& trials = read.warm.trials;
  if (trials.empty() && read.warm.left_out == 0) {
    refuse_source(spec, nothing, "it has no finished trials", "leave search.warm_start out");
  }
  if (trials.empty()) {
    refuse_source(
        spec, nothing,
        "none of its " + std::to_string(read.warm.left_out) +
            " trials has a place in this study's space; the first: " + read.first_left_out,
        hint);
  }
  if (!std::isfinite(best_objective(read.warm))) {
    refuse_source(
        spec, nothing,
        "all of its " + std::to_string(trials.size()) + " trials failed, or have no finite value",
        "leave search.warm_start out");
  }
  const SecondObjective second = spec.search.second_objective;
  const bool some = std::any_of(trials.begin(), trials.end(), [&](const PriorTrial& t) {
    return t.outcome == Outcome::finished && std::isfinite(second_of(observe(t), second));
  });
  if (second != SecondObjective::none && !some) {
    refuse_source(spec, nothing,
                  std::string("nsga2 weighs the loss against ") + name(second) +
                      ", which its trials do not have",
                  std::string("give a .csv file with a column ") +
                      (second == SecondObjective::seconds             ? "train_seconds"
                       : second == SecondObjective::inference_seconds ? "inference_seconds_per_row"
                                                                      : "parameters"));
  }
}

}  // namespace

std::optional<WarmStarted> read_warm_start(const StudySpec& spec, const Space& space) {
  if (spec.search.warm_start.empty()) {
    return std::nullopt;
  }
  TrialsRead read = from_path(spec, space, spec.search.warm_start);
  check_use(spec, read);
  return std::move(read.warm);
}

std::string warm_start_text(const std::string& source, std::uint64_t trials, double best,
                            std::uint64_t left_out) {
  return std::to_string(trials) + (trials == 1 ? " trial of " : " trials of ") + source +
         (std::isfinite(best) ? ", the best " + to_text(Value(best)) : "") +
         (left_out > 0 ? ", " + std::to_string(left_out) + " left out (not in this space)" : "");
}

}  // namespace twostep
