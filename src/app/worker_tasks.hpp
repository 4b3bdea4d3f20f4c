// What a worker can do: extractions and trainings, behind the one Trainer that a worker node knows.
#pragma once

#include <memory>

#include "app/study_setup.hpp"
#include "twostep/data/extractor.hpp"
#include "twostep/ports/files.hpp"
#include "twostep/ports/models.hpp"
#include "twostep/train/mlp_trainer.hpp"

namespace twostep {

class WorkerTasks : public Trainer {
 public:
  // The setup must outlive this object.
  WorkerTasks(const StudySetup& setup, std::unique_ptr<GroupMaker> groups, Clock& clock);

  void start(const Assignment& assignment) override;
  [[nodiscard]] std::optional<Result> advance(Duration slice) override {
    return active_->advance(slice);
  }
  [[nodiscard]] Progress progress() const override { return active_->progress(); }
  [[nodiscard]] Bytes save() const override { return active_->save(); }
  void load(std::span<const std::byte> state) override { active_->load(state); }
  void stop() override { active_->stop(); }

 private:
  std::unique_ptr<GroupMaker> groups_;
  std::unique_ptr<Shards> shards_;
  std::unique_ptr<Packs> packs_;
  std::unique_ptr<Models> models_;
  std::unique_ptr<Engine> engine_;
  Extractor extractor_;
  MlpTrainer trainer_;
  Trainer* active_;
};

// What a worker of this study does: these, or the study's own command. setup and files, which are
// those of the study directory, must outlive it.
[[nodiscard]] std::unique_ptr<Trainer> make_worker_tasks(const StudySetup& setup,
                                                         std::unique_ptr<GroupMaker> groups,
                                                         Files& files, Clock& clock);

}  // namespace twostep
