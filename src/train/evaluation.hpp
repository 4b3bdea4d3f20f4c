// Running a network over the rows of a split, shared among a team.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "train/training_data.hpp"
#include "twostep/ports/engine.hpp"
#include "twostep/study/result.hpp"
#include "twostep/train/loss.hpp"

namespace twostep {

class Evaluator {
 public:
  Evaluator(Engine& engine, const NetworkShape& shape, const TrainingData& data, Group& group)
      : engine_(engine), shape_(shape), data_(data), group_(group) {}

  // Mean loss per target, of errors in normalised units times `factors`. Collective.
  [[nodiscard]] std::vector<double> mean_losses(Split split, const Weights& weights,
                                                const LossFunction& loss,
                                                std::span<const double> factors);
  // RMSE, MAE and R2 per target in the target's own units: transform and normalisation undone.
  // R2 = 1 - SS_res / SS_tot over the rows of the split. Collective.
  [[nodiscard]] Evaluation evaluate(Split split, const Weights& weights, const LossFunction& loss,
                                    const std::vector<VariableSpec>& targets,
                                    const std::vector<std::uint64_t>& columns,
                                    const std::vector<std::string>& names);

 private:
  Engine& engine_;
  NetworkShape shape_;
  const TrainingData& data_;
  Group& group_;
  std::map<std::uint32_t, std::unique_ptr<Network>> networks_;  // by batch
  std::vector<float> output_;

  // use(prediction, truth as stored range) for each batch of this member's rows.
  void run(Split split, const Weights& weights,
           const std::function<void(std::span<const float> y, std::span<const float> truth,
                                    RowRange range)>& use);
};

}  // namespace twostep
