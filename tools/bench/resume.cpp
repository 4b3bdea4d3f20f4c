// Time and memory to read back a large journal, as a resumed run does.
#include <cstdio>

#include "adapters/posix/clock.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "bench/benches.hpp"
#include "twostep/control/coordinator.hpp"
#include "twostep/control/journal.hpp"
#include "twostep/sim/world.hpp"

namespace twostep::bench {
namespace {

void write_journal(Files& files, const StudyIdentity& study, unsigned trials) {
  SnapshotWriter snapshot;
  JournalWriter writer(files, 1, 0, &snapshot);
  writer.append(StudyCreated{study.spec_json, study.data_digest});
  RunStarted run;
  run.run = RunId(1);
  run.workers = 64;
  writer.append(run);
  const auto sampler = make_sampler(study.spec.search, study.space, study.spec.seed);
  for (std::uint32_t i = 1; i <= trials; ++i) {
    writer.append(TrialCreated{TrialId(i), *sampler->propose(TrialId(i), 0)});
    Assignment a;
    a.id = AssignmentId(i);
    a.run = RunId(1);
    a.trial = TrialId(i);
    a.team = {WorkerId(1 + i % 64)};
    writer.append(Dispatched{a});
    Result r;
    r.assignment = a.id;
    r.run = a.run;
    r.trial = a.trial;
    for (int v = 0; v < 30; ++v) {
      r.curve.push_back(1.0 / (v + 1) + 1e-6 * i);
    }
    r.objective = r.curve.back();
    r.best_validation = 30;
    writer.append(Finished{r});
    if (i % 100 == 0) {
      writer.flush();
    }
  }
  writer.flush();
}

}  // namespace

int resume_bench(const std::string& folder, unsigned trials) {
  const auto files = make_posix_files(folder);
  const StudyIdentity study = simulated_study(1, trials);
  if (files->list("journal").empty()) {
    files->make_folder("journal");
    write_journal(*files, study, trials);
    std::printf("  journal written; run again to read it\n");
    return 0;
  }
  PosixClock clock;
  const Time begun = clock.now();
  Coordinator coordinator(study.spec, study.space);
  const JournalContents contents =
      read_journal(*files, [&](const NumberedEvent& e) { coordinator.replay(e.event); });
  std::printf("  %u trials, %llu events, curves of 30 validations: %.2f s, %.0f MB at most\n",
              coordinator.state().trials_done, static_cast<unsigned long long>(contents.last_seq),
              seconds(clock.now() - begun), peak_memory() / 1e6);
  return coordinator.state().trials_done == trials ? 0 : 1;
}

}  // namespace twostep::bench
