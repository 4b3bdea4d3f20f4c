#include "app/study_folder.hpp"

#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "app/report_render.hpp"
#include "twostep/base/error.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {

RecordedStudy read_study(const std::string& directory,
                         const std::function<void(const NumberedEvent&)>& event) {
  const auto files = make_posix_files(directory);
  RecordedStudy study;
  read_journal(*files, [&](const NumberedEvent& e) {
    require_consistent(study.state, e.event, e.seq);
    study.state.apply(e.event);
    if (event) {
      event(e);
    }
  });
  if (study.state.events == 0) {
    throw Error(ErrorKind::study,
                Problem{directory, "no study here", "it has no journal/ with events in it",
                        "give the study.directory of a study that was run"});
  }
  study.spec = read_spec(read_json(study.state.spec_json));
  study.space = make_space(study.spec);
  return study;
}

void write_results(Files& files, const Report& report) {
  files.replace("report.json", report_json(report));
  files.replace("trials.csv", trials_csv(report));
}

bool holds_study(Files& files) {
  return !files.list("journal").empty();
}

void clear_study(const std::string& directory) {
  for (const char* name : {"journal", "trials", "finalists", "checkpoints", "subset.h5", "full.h5",
                           "subset.h5.partial", "full.h5.partial", "report.json", "trials.csv",
                           "outcome.json", "study.yaml"}) {
    remove_tree(directory + "/" + name);
  }
}

}  // namespace twostep
