#include "train/metric_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "twostep/data/transform.hpp"

namespace twostep {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

// Of each target column. Physical: in the target's own unit; the others in normalised units, those
// of the subset.
enum Sum : std::size_t {
  physical_square,
  physical_absolute,
  physical_error,
  total_square,  // of the truths about their mean
  square,
  absolute,
  error,
  loss,
  objective_loss,
  positives,  // binary: weight of the rows whose truth is at least 0.5
  positives_right,
  negatives_right,
  sum_count
};
// Of a class target: loss, weight of all rows, then for each class the weight of its rows and of
// those among them that are predicted right.

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : undefined;
}

double mean_of_defined(std::initializer_list<double> values) {
  double sum = 0;
  double count = 0;
  for (const double v : values) {
    sum += std::isnan(v) ? 0 : v;
    count += std::isnan(v) ? 0 : 1;
  }
  return ratio(sum, count);
}

std::vector<double> column_weights(const StudySpec& spec, const DataPlan& plan) {
  std::vector<double> out;
  double sum = 0;
  for (std::size_t t = 0; t < spec.data.targets.size(); ++t) {
    const std::vector<double>& weight = spec.data.targets[t].weight;
    for (std::uint64_t j = 0; j < plan.target_columns[t]; ++j) {
      out.push_back(weight.empty() ? 1 : weight[std::min<std::size_t>(j, weight.size() - 1)]);
      sum += out.back();
    }
  }
  for (double& w : out) {
    w *= static_cast<double>(out.size()) / sum;
  }
  return out;
}

}  // namespace

bool Scoring::weighted() const {
  return std::any_of(weights.begin(), weights.end(), [](double w) { return w != 1; });
}

double Scoring::mean(const std::vector<double>& values) const {
  double sum = 0;
  double weight = 0;
  for (std::size_t j = 0; j < values.size(); ++j) {
    if (!std::isnan(values[j])) {
      sum += weights[j] * values[j];
      weight += weights[j];
    }
  }
  return ratio(sum, weight);
}

Scoring make_scoring(const StudySpec& spec, const DataPlan& plan, const TrainingSettings& training,
                     const TrainingData& data) {
  Scoring out;
  out.task = task_of(training.loss);
  out.loss = {training.loss, training.huber_delta, training.quantile};
  out.objective = spec.search.objective;
  out.objective_loss = out.loss;
  if (is_loss(out.objective)) {
    out.objective_loss.kind = loss_of(out.objective);
  }
  out.outputs = plan.outputs();
  for (std::size_t t = 0; t < spec.data.targets.size(); ++t) {
    out.variables.insert(out.variables.end(), plan.target_columns[t], spec.data.targets[t]);
  }
  out.names = plan.target_names;
  out.weights = column_weights(spec, plan);
  for (std::size_t j = 0; j < data.targets(); ++j) {
    out.factors.push_back(data.target_encoding().scale[j] / data.stored_targets().scale[j]);
  }
  return out;
}

MetricSums::MetricSums(const Scoring& scoring, const TrainingData& data, Split split, Group& group)
    : scoring_(scoring),
      data_(data),
      split_(split),
      group_(group),
      width_(data.targets()),
      ordered_(data.rows(split),
               scoring.task == Task::classes ? 2 + 2 * scoring.outputs : sum_count * width_) {
  if (scoring.task != Task::classes) {
    sum_truths();
  }
}

double MetricSums::truth_at(std::uint64_t row, std::size_t column) const {
  const ColumnEncoding& stored = data_.stored_targets();
  const float value = data_.stored_targets(split_)[row * width_ + column];
  return original(scoring_.variables[column],
                  stored.offset[column] + stored.scale[column] * static_cast<double>(value));
}

void MetricSums::sum_truths() {
  OrderedSums truths(data_.rows(split_), width_ + 1);  // the last: the weight of all rows
  const RowRange mine = OrderedSums::share(data_.rows(split_), group_);
  for (std::uint64_t row = mine.begin; row < mine.end; ++row) {
    const std::span<double> sums = truths.of({row, row + 1});
    const double weight = data_.weight(split_, row);
    for (std::size_t j = 0; j < width_; ++j) {
      sums[j] += weight * truth_at(row, j);
    }
    sums.back() += weight;
  }
  means_ = truths.finish(group_);
  for (std::size_t j = 0; j < width_; ++j) {
    means_[j] /= means_.back();
  }
}

void MetricSums::add(std::span<const float> y, std::span<const float> truth, RowRange range) {
  block_ = ordered_.of(range);
  for (std::uint64_t i = 0; i < range.size(); ++i) {
    const std::uint64_t row = range.begin + i;
    const double weight = data_.weight(split_, row);
    if (scoring_.task == Task::classes) {
      add_class(&y[i * scoring_.outputs], static_cast<std::size_t>(truth[i]), weight);
      continue;
    }
    for (std::size_t j = 0; j < width_; ++j) {
      add_value(j, static_cast<double>(y[i * width_ + j]),
                static_cast<double>(truth[i * width_ + j]), row, weight);
    }
  }
}

void MetricSums::add_value(std::size_t j, double y, double truth, std::uint64_t row,
                           double weight) {
  const bool binary = scoring_.task == Task::binary;
  const ColumnEncoding& wanted = data_.target_encoding();
  const double prediction = binary ? sigmoid(y) : y;
  const double t = truth_at(row, j);
  const double p =
      binary ? prediction
             : original(scoring_.variables[j], wanted.offset[j] + wanted.scale[j] * prediction);
  const double d = (prediction - truth) * scoring_.factors[j];
  double* sums = &block_[sum_count * j];
  sums[physical_square] += weight * ((p - t) * (p - t));
  sums[physical_absolute] += weight * std::abs(p - t);
  sums[physical_error] += weight * (p - t);
  sums[total_square] += weight * ((t - means_[j]) * (t - means_[j]));
  sums[square] += weight * (d * d);
  sums[absolute] += weight * std::abs(d);
  sums[error] += weight * d;
  sums[loss] += weight * scoring_.loss.value(y, truth);
  if (!binary && is_loss(scoring_.objective)) {
    sums[objective_loss] += weight * scoring_.objective_loss.value(d);
  }
  if (binary) {
    const bool positive = t >= 0.5;
    const bool right = (prediction >= 0.5) == positive;
    sums[positives] += positive ? weight : 0;
    sums[positives_right] += positive && right ? weight : 0;
    sums[negatives_right] += !positive && right ? weight : 0;
  }
}

void MetricSums::add_class(const float* z, std::size_t label, double weight) {
  const std::size_t predicted =
      static_cast<std::size_t>(std::max_element(z, z + scoring_.outputs) - z);
  block_[0] += weight * class_loss(z, scoring_.outputs, label);
  block_[1] += weight;
  block_[2 + 2 * label] += weight;
  block_[3 + 2 * label] += predicted == label ? weight : 0;
}

Evaluation MetricSums::finish() {
  sums_ = ordered_.finish(group_);
  Evaluation out = scoring_.task == Task::classes ? finish_classes() : finish_values();
  out.rows = data_.rows(split_);
  return out;
}

Evaluation MetricSums::finish_values() const {
  const double rows = means_.back();
  Evaluation out;
  std::vector<double> rmse, mae, bias, r2, losses, accuracy, balanced, objective;
  for (std::size_t j = 0; j < width_; ++j) {
    const double* sums = &sums_[sum_count * j];
    TargetMetrics m;
    m.target = scoring_.names[j];
    m.rmse = std::sqrt(sums[physical_square] / rows);
    m.mae = sums[physical_absolute] / rows;
    m.bias = sums[physical_error] / rows;
    m.r2 = sums[total_square] > 0 ? 1 - sums[physical_square] / sums[total_square] : undefined;
    m.loss = sums[loss] / rows;
    if (scoring_.task == Task::binary) {
      m.accuracy = (sums[positives_right] + sums[negatives_right]) / rows;
      m.balanced_accuracy = mean_of_defined({ratio(sums[positives_right], sums[positives]),
                                             ratio(sums[negatives_right], rows - sums[positives])});
    }
    rmse.push_back(std::sqrt(sums[square] / rows));
    mae.push_back(sums[absolute] / rows);
    bias.push_back(std::abs(sums[error] / rows));
    r2.push_back(m.r2);
    losses.push_back(m.loss);
    accuracy.push_back(m.accuracy);
    balanced.push_back(m.balanced_accuracy);
    switch (scoring_.objective) {
      case Metric::rmse:
        m.objective = rmse.back();
        break;
      case Metric::bias:
        m.objective = bias.back();
        break;
      case Metric::r2:
        m.objective = m.r2;
        break;
      case Metric::accuracy:
        m.objective = m.accuracy;
        break;
      case Metric::balanced_accuracy:
        m.objective = m.balanced_accuracy;
        break;
      case Metric::binary_cross_entropy:
        m.objective = m.loss;
        break;
      default:
        m.objective = scoring_.task == Task::regression   ? sums[objective_loss] / rows
                      : scoring_.objective == Metric::mse ? sums[square] / rows
                                                          : mae.back();
    }
    objective.push_back(m.objective);
    out.targets.push_back(std::move(m));
  }
  out.overall.rmse = scoring_.mean(rmse);
  out.overall.mae = scoring_.mean(mae);
  out.overall.bias = scoring_.mean(bias);
  out.overall.r2 = scoring_.mean(r2);
  out.overall.loss = out.loss = scoring_.mean(losses);
  out.overall.accuracy = scoring_.mean(accuracy);
  out.overall.balanced_accuracy = scoring_.mean(balanced);
  out.overall.objective = scoring_.mean(objective);
  return out;
}

Evaluation MetricSums::finish_classes() const {
  TargetMetrics m;
  m.target = scoring_.names[0];
  m.loss = sums_[0] / sums_[1];
  double right = 0;
  double recalls = 0;
  double present = 0;
  for (std::size_t k = 0; k < scoring_.outputs; ++k) {
    const double rows = sums_[2 + 2 * k];
    right += sums_[3 + 2 * k];
    recalls += rows > 0 ? sums_[3 + 2 * k] / rows : 0;
    present += rows > 0 ? 1 : 0;
  }
  m.accuracy = right / sums_[1];
  m.balanced_accuracy = recalls / present;
  m.objective = scoring_.objective == Metric::accuracy            ? m.accuracy
                : scoring_.objective == Metric::balanced_accuracy ? m.balanced_accuracy
                                                                  : m.loss;
  Evaluation out;
  out.loss = m.loss;
  out.targets.push_back(m);
  out.overall = m;
  out.overall.target.clear();
  return out;
}

}  // namespace twostep
