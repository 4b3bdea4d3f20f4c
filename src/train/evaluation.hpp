// Running a network over the rows of a split, shared among a team. The sums over rows are
// vectorised, and repeated passes over a split allocate nothing, so that a validation runs at the
// speed of the forward products.
#pragma once

#include <map>
#include <memory>
#include <optional>

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
  std::optional<OrderedSums> losses_;  // of the split that was measured last
  Split split_ = Split::train;
  std::vector<double> means_;

  // Mean per target column of a loss, of errors in normalised units times scoring.factors. Holds
  // until the next call.
  [[nodiscard]] const std::vector<double>& mean_losses(Split split, const Weights& weights,
                                                       const Scoring& scoring);
  // Adds the losses of these rows, at most loss_chunk of them or their outputs.
  void add_losses(const Scoring& scoring, const float* y, const float* truth, Split split,
                  RowRange range, std::span<double> sums) const;
  static void add_wide_row(const Scoring& scoring, const float* y, const float* truth,
                           double weight, std::span<double> sums);
  // use(prediction, truth as stored, range) for each batch of this member's rows.
  template <class Use>
  void run(Split split, const Weights& weights, Use use);
};

}  // namespace twostep
