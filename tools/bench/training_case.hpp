// A real training on generated data in memory: the trainer's own TrainingRun, from gathering a
// batch to Adam, with nothing taken out.
#pragma once

#include <memory>

#include "train/training_run.hpp"
#include "twostep/sim/mem_packs.hpp"

namespace twostep::bench {

struct Case {
  std::uint32_t layers = 3;
  std::uint32_t width = 64;
  std::uint32_t batch = 128;
  Activation activation = Activation::relu;
  std::string training;         // further members of `training`, ", \"x\": 1"
  std::string retraining = {};  // and of `retraining`; not empty: it is a retraining
  Precision precision = Precision::float32;
  std::string initialisation = "automatic";
  std::string model = {};  // further members of `model`
};

inline constexpr std::uint32_t inputs = 20;
inline constexpr std::uint32_t outputs = 1;

[[nodiscard]] NetworkShape shape_of(const Case& c);

class TrainingCase {
 public:
  // rows: of the training set; validation_rows are looked at every `validate_every` steps.
  TrainingCase(const Case& c, Engine& engine, std::uint64_t rows = 8192,
               std::uint64_t validation_rows = 64, std::uint64_t validate_every = 1'000'000'000,
               std::unique_ptr<Group> team = nullptr);
  ~TrainingCase();
  // What a trial does before its first step; step() does it if need be.
  void set_up();
  [[nodiscard]] double seconds_of_set_up() const { return set_up_seconds_; }  // the last time
  // The pass over the validation rows alone, in batches of validation_batch().
  double validate();
  [[nodiscard]] std::uint64_t validation_batch() const;
  void step() { run_->step(); }
  [[nodiscard]] Progress progress() const { return run_->progress(); }

 private:
  NetworkShape shape_;
  StudySpec spec_;
  Space space_;
  DataPlan plan_;
  MemPacks packs_;
  MemModels models_;
  std::unique_ptr<GroupMaker> groups_;
  std::unique_ptr<Group> group_;
  std::unique_ptr<Clock> clock_;
  TrainerContext context_;
  Assignment assignment_;
  std::shared_ptr<const Pack> pack_;
  std::unique_ptr<TrainingRun> run_;
  double set_up_seconds_ = 0;
  struct Validation;
  std::unique_ptr<Validation> validation_;
};

}  // namespace twostep::bench
