#include "app/warm_start.hpp"

#include <cmath>
#include <filesystem>

#include "adapters/posix/posix_files.hpp"
#include "app/study_folder.hpp"
#include "twostep/base/error.hpp"
#include "twostep/study/prior_trials.hpp"

namespace twostep {
namespace {

constexpr const char* option = "search.warm_start";

WarmStarted from_file(const StudySpec& spec, const Space& space) {
  const std::string& path = spec.search.warm_start;
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const auto text = make_posix_files(folder)->read(path.substr(slash + 1));
  if (!text) {
    throw Error(ErrorKind::config, Problem{option, "no such file: " + path, "",
                                           "give a study directory, a .csv file of trials, or "
                                           "Optuna's journal"});
  }
  return path.ends_with(".csv") ? read_trials_csv(*text, path, space, spec.search.objective)
                                : read_optuna_journal(*text, path, space, spec.search.objective);
}

WarmStarted from_study(const StudySpec& spec, const Space& space) {
  const std::string& path = spec.search.warm_start;
  if (!holds_study(*make_posix_files(path))) {
    throw Error(ErrorKind::config,
                Problem{option, "no study in " + path, "there is no journal in it",
                        "give the study.directory of an earlier study, a .csv file of trials, or "
                        "Optuna's journal"});
  }
  const RecordedStudy earlier = read_study(path);
  if (earlier.spec.search.objective != spec.search.objective) {
    throw Error(
        ErrorKind::config,
        Problem{option, path + " ranked its trials by " + name(earlier.spec.search.objective),
                std::string("this study ranks by ") + name(spec.search.objective),
                "use the same search.objective, or leave search.warm_start out"});
  }
  WarmStarted out{path, 0, {}};
  for (const TrialRecord& trial : earlier.state.trials) {
    if (trial.status != TrialStatus::done) {
      continue;
    }
    const auto point = translate(earlier.spec, earlier.space, trial.point, spec, space);
    if (!point) {
      ++out.left_out;
      continue;
    }
    const Result& r = trial.result;
    const bool good = succeeded(r.outcome) && std::isfinite(r.objective);
    out.trials.push_back({*point, good ? Outcome::finished : Outcome::failed,
                          good ? r.objective : std::nan(""), static_cast<double>(r.parameters),
                          r.seconds});
  }
  return out;
}

}  // namespace

std::optional<WarmStarted> read_warm_start(const StudySpec& spec, const Space& space) {
  const std::string& path = spec.search.warm_start;
  if (path.empty()) {
    return std::nullopt;
  }
  const bool file = path.ends_with(".csv") || std::filesystem::is_regular_file(path);
  WarmStarted out = file ? from_file(spec, space) : from_study(spec, space);
  if (out.trials.empty()) {
    throw Error(ErrorKind::config,
                Problem{option, "nothing to learn from " + path,
                        out.left_out == 0 ? "it has no finished trials"
                                          : "none of its " + std::to_string(out.left_out) +
                                                " trials has a place in this study's space",
                        "leave search.warm_start out, or let the spaces overlap"});
  }
  return out;
}

std::string warm_start_text(const std::string& source, std::uint64_t trials,
                            std::uint64_t left_out) {
  return std::to_string(trials) + " trials of " + source +
         (left_out > 0 ? ", " + std::to_string(left_out) + " left out (not in this space)" : "");
}

}  // namespace twostep
