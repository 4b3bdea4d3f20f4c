#include "app/worker_tasks.hpp"

#include "adapters/hdf5/hdf5_models.hpp"
#include "adapters/hdf5/hdf5_packs.hpp"
#include "adapters/onednn/onednn_engine.hpp"
#include "adapters/posix/memory.hpp"
#include "app/command_trainer.hpp"
#include "app/commands.hpp"

namespace twostep {

WorkerTasks::WorkerTasks(const StudySetup& setup, std::unique_ptr<GroupMaker> groups, Clock& clock)
    : groups_(std::move(groups)),
      shards_(open_hdf5_shards(setup.shards, setup.table())),
      packs_(make_hdf5_packs(setup.spec.directory)),
      models_(make_hdf5_models(setup.spec.directory)),
      engine_(make_onednn_engine(static_cast<int>(setup.spec.threads))),
      extractor_({setup.spec, setup.plan, *shards_, *packs_, *groups_, clock}),
      trainer_({setup.spec, setup.space, setup.plan, *packs_, *models_, *engine_, *groups_, clock,
                build_text(), &memory_at_hand}),
      active_(&trainer_) {}

std::unique_ptr<Trainer> make_worker_tasks(const StudySetup& setup,
                                           std::unique_ptr<GroupMaker> groups, Files& files,
                                           Clock& clock) {
  if (setup.spec.runs_command()) {
    return std::make_unique<CommandTrainer>(setup.spec, setup.space, files, clock);
  }
  return std::make_unique<WorkerTasks>(setup, std::move(groups), clock);
}

void WorkerTasks::start(const Assignment& assignment) {
  const bool extraction = assignment.kind == AssignmentKind::extract_subset ||
                          assignment.kind == AssignmentKind::extract_full;
  active_ = extraction ? static_cast<Trainer*>(&extractor_) : &trainer_;
  active_->start(assignment);
}

}  // namespace twostep
