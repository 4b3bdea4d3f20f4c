// The trainer of trials and retrainings. A trial is trained by one rank on the subset; a finalist
// by a team on all training rows: every member computes the gradient of its share of each global
// batch, the shares are summed, and all take the same step. So the weights of all members stay the
// same, and a team of k walks the way of a team of one, up to the rounding of the sum.
#pragma once

#include <memory>
#include <string>

#include "twostep/data/data_plan.hpp"
#include "twostep/ports/clock.hpp"
#include "twostep/ports/engine.hpp"
#include "twostep/ports/group.hpp"
#include "twostep/ports/models.hpp"
#include "twostep/ports/trainer.hpp"

namespace twostep {

class TrainingRun;

struct TrainerContext {
  const StudySpec& spec;
  const Space& space;
  const DataPlan& plan;
  Packs& packs;
  Models& models;
  Engine& engine;
  GroupMaker& groups;
  Clock& clock;
  std::string build;  // for the provenance of models
  // What a training may take, in bytes (0: not known); a configuration that needs more fails before
  // it is started. nullptr: no limit.
  std::uint64_t (*memory_at_hand)() = nullptr;
};

class MlpTrainer : public Trainer {
 public:
  explicit MlpTrainer(TrainerContext context);
  ~MlpTrainer() override;

  void start(const Assignment& assignment) override;
  [[nodiscard]] std::optional<Result> advance(Duration slice) override;
  [[nodiscard]] Progress progress() const override;
  [[nodiscard]] Bytes save() const override;
  void load(std::span<const std::byte> state) override;
  void stop() override;

 private:
  TrainerContext context_;
  std::shared_ptr<const Pack> subset_;  // kept between trials
  std::unique_ptr<Group> group_;
  std::unique_ptr<TrainingRun> run_;
  Time begun_{};
  double earlier_seconds_ = 0;  // of a loaded training, before it was saved
  double step_seconds_ = 0;     // of the leader's last slice
  bool stop_ = false;
  Bytes loaded_;  // by the leader of a team, for all its members at the next slice

  void check_memory(const Assignment& assignment, std::uint64_t rows) const;
  std::shared_ptr<const Pack> open_pack(AssignmentKind kind);
  void advance_alone(Duration slice);
  bool advance_team(Duration slice);
  void load_team(std::uint64_t bytes);
  Result finish();
};

}  // namespace twostep
