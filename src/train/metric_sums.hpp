// The metrics of a split, summed up over batches and over a team; the same bits in every team.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "train/ordered_sums.hpp"
#include "train/training_data.hpp"
#include "twostep/data/data_plan.hpp"
#include "twostep/study/result.hpp"
#include "twostep/train/loss.hpp"

namespace twostep {

// How predictions are measured; the same throughout a training.
struct Scoring {
  Task task = Task::regression;
  LossFunction loss;  // the training's
  Metric objective = Metric::mse;
  LossFunction objective_loss;          // if the objective is a loss
  std::size_t outputs = 0;              // of the network
  std::vector<VariableSpec> variables;  // one per target column
  std::vector<std::string> names;
  std::vector<double> weights;  // of target columns, of mean 1
  std::vector<double> factors;  // from this training's normalised units to those of the subset

  [[nodiscard]] bool weighted() const;  // whether target columns differ in weight
  // Mean over the target columns, but for those where the metric is not defined.
  [[nodiscard]] double mean(const std::vector<double>& values) const;
};

[[nodiscard]] Scoring make_scoring(const StudySpec& spec, const DataPlan& plan,
                                   const TrainingSettings& training, const TrainingData& data);

class MetricSums {
 public:
  // Collective: the means of the truths come first.
  MetricSums(const Scoring& scoring, const TrainingData& data, Split split, Group& group);
  // Outputs y [rows, outputs] and truths [rows, targets] of these rows of the split, which lie in
  // one block of OrderedSums.
  void add(std::span<const float> y, std::span<const float> truth, RowRange range);
  [[nodiscard]] Evaluation finish();  // collective

 private:
  const Scoring& scoring_;
  const TrainingData& data_;
  Split split_;
  Group& group_;
  std::size_t width_;  // target columns
  std::vector<double> means_;
  OrderedSums ordered_;
  std::span<double> block_;   // of the rows being added
  std::vector<double> sums_;  // of all rows, at the end

  [[nodiscard]] double truth_at(std::uint64_t row, std::size_t column) const;
  void sum_truths();
  void add_value(std::size_t column, double y, double truth, std::uint64_t row, double weight);
  void add_class(const float* z, std::size_t label, double weight);
  [[nodiscard]] Evaluation finish_values() const;
  [[nodiscard]] Evaluation finish_classes() const;
};

}  // namespace twostep
