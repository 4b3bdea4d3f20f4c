// Running a network over the rows of a split, shared among a team.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "train/metric_sums.hpp"
#include "twostep/ports/engine.hpp"

namespace twostep {

class Evaluator {
 public:
  Evaluator(Engine& engine, const NetworkShape& shape, const TrainingData& data, Group& group)
      : engine_(engine), shape_(shape), data_(data), group_(group) {}

  // The natural value of scoring.objective, in the units of the subset's normalised targets in
  // both steps, so that they can be compared. Collective.
  [[nodiscard]] double objective(Split split, const Weights& weights, const Scoring& scoring);
  // All metrics: transform and normalisation undone. Collective.
  [[nodiscard]] Evaluation evaluate(Split split, const Weights& weights, const Scoring& scoring);

 private:
  Engine& engine_;
  NetworkShape shape_;
  const TrainingData& data_;
  Group& group_;
  std::map<std::uint32_t, std::unique_ptr<Network>> networks_;  // by batch
  std::vector<float> output_;

  // Mean per target column of a loss, of errors in normalised units times scoring.factors.
  [[nodiscard]] std::vector<double> mean_losses(Split split, const Weights& weights,
                                                const Scoring& scoring);
  // use(prediction, truth as stored range) for each batch of this member's rows.
  void run(Split split, const Weights& weights,
           const std::function<void(std::span<const float> y, std::span<const float> truth,
                                    RowRange range)>& use);
};

}  // namespace twostep
