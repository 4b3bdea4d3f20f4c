#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "app/commands.hpp"
#include "app/describe_event.hpp"
#include "app/report_render.hpp"
#include "app/study_folder.hpp"
#include "app/study_setup.hpp"
#include "twostep/base/error.hpp"
#include "twostep/control/make_report.hpp"
#include "twostep/study/fields.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

// The directory itself, or of the study in a study file.
std::string study_directory(const std::string& given) {
  return std::filesystem::is_regular_file(given) ? load_spec(given).directory : given;
}

[[noreturn]] void unknown_format(const std::string& format, const std::string& known) {
  throw Error(ErrorKind::usage, Problem{"twostep", "no such format: " + format, "", known});
}

}  // namespace

int status_command(const std::string& given) {
  const RecordedStudy study = read_study(study_directory(given));
  const Report r = make_report(study.state, study.spec, study.space);
  std::printf("study      %s (%s)\n", r.name.c_str(), r.phase.c_str());
  if (!r.message.empty()) {
    std::printf("message    %s\n", r.message.c_str());
  }
  std::printf("runs       %u, the last with %u workers, %s\n", r.runs, study.state.run.workers,
              study.state.run_ended ? ("ended: " + study.state.run_end_reason).c_str()
                                    : "running, or ended without a word");
  std::printf("trials     %u of %u finished, %u diverged, %u failed, %u open\n", r.finished,
              r.planned_trials, r.diverged, r.failed, r.open);
  if (study.state.best.value > 0) {
    const TrialRecord& best = study.state.trial(study.state.best);
    std::printf("best       trial %u, %s %.6g\n", best.id.value,
                objective_name(r.objective, r.runs_command).c_str(),
                natural_value(r.objective, best.result.objective));
  }
  if (study.state.finalists_chosen) {
    std::printf("finalists  %u of %zu retrained\n", study.state.finalists_done,
                study.state.finalists.size());
  }
  return 0;
}

int report_command(const std::string& given, const std::string& format) {
  if (format != "text" && format != "json" && format != "csv") {
    unknown_format(format, "text, json or csv");
  }
  const RecordedStudy study = read_study(study_directory(given));
  const Report report = make_report(study.state, study.spec, study.space);
  std::cout << (format == "json"  ? report_json(report)
                : format == "csv" ? trials_csv(report)
                                  : report_text(report));
  return 0;
}

int journal_command(const std::string& given) {
  Metric objective = Metric::mse;
  bool command = false;
  static_cast<void>(read_study(study_directory(given), [&](const NumberedEvent& event) {
    if (const auto* created = std::get_if<StudyCreated>(&event.event)) {
      const StudySpec spec = read_spec(read_json(created->spec_json));
      objective = spec.search.objective;
      command = spec.runs_command();
    }
    std::cout << event.seq << "  " << describe(event.event, objective, command) << "\n";
  }));
  return 0;
}

int schema_command(const std::string& format) {
  if (format == "text") {
    std::cout << schema_text();
  } else if (format == "yaml") {
    std::cout << annotated_yaml();
  } else if (format == "markdown") {
    std::cout << config_markdown();
  } else {
    unknown_format(format, "text, yaml or markdown");
  }
  return 0;
}

}  // namespace twostep
