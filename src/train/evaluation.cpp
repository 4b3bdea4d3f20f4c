#include "train/evaluation.hpp"

#include <algorithm>

#include "train/loss_loops.hpp"
#include "train/ordered_sums.hpp"

namespace twostep {
namespace {

constexpr std::uint64_t batch_rows = 1024;

}  // namespace

template <class Use>
void Evaluator::run(Split split, const Weights& weights, Use use) {
  const std::uint64_t all = data_.rows(split);
  const std::uint64_t step = std::min(batch_rows, OrderedSums::block_rows(all));
  const RowRange mine = OrderedSums::share(all, group_);
  for (std::uint64_t begin = mine.begin; begin < mine.end; begin += step) {
    const RowRange range{begin, std::min(mine.end, begin + step)};
    const auto n = static_cast<std::uint32_t>(range.size());
    std::unique_ptr<Network>& network = networks_[n];
    if (!network) {
      network = engine_.compile(shape_, n, Pass::inference);
    }
    const TrainingData::Rows rows = data_.rows(split, range);
    output_.resize(n * shape_.outputs);
    network->infer(weights, rows.x, output_);
    use(output_, rows.y, range);
  }
}

double Evaluator::objective(Split split, const Weights& weights, const Scoring& scoring) {
  const bool own = is_loss(scoring.objective) && loss_of(scoring.objective) == scoring.loss.kind;
  if (own || (scoring.task == Task::regression && is_loss(scoring.objective))) {
    return scoring.mean(mean_losses(split, weights, scoring));
  }
  return evaluate(split, weights, scoring).overall.objective;
}

const std::vector<double>& Evaluator::mean_losses(Split split, const Weights& weights,
                                                  const Scoring& scoring) {
  const std::size_t targets = data_.targets();
  if (losses_ && split_ == split) {
    losses_->reset();
  } else {
    losses_.emplace(data_.rows(split), targets + 1);  // the last: the weight of the rows
    split_ = split;
  }
  run(split, weights, [&](std::span<const float> y, std::span<const float> truth, RowRange range) {
    const std::span<double> sums = losses_->of(range);
    const std::size_t most = std::max<std::size_t>(1, loss_chunk / scoring.outputs);
    for (std::uint64_t i = 0; i < range.size(); i += most) {
      const std::uint64_t n = std::min<std::uint64_t>(most, range.size() - i);
      add_losses(scoring, &y[i * scoring.outputs], &truth[i * targets], split,
                 {range.begin + i, range.begin + i + n}, sums);
    }
  });
  losses_->finish(group_, means_);
  const double rows = means_.back();
  means_.pop_back();
  for (double& s : means_) {
    s /= rows;
  }
  return means_;
}

void Evaluator::add_losses(const Scoring& scoring, const float* y, const float* truth, Split split,
                           RowRange range, std::span<double> sums) const {
  const std::size_t rows = range.size();
  const std::size_t outputs = scoring.outputs;
  const LossFunction& loss = scoring.objective_loss;
  double values[loss_chunk];
  double room[loss_chunk];
  double row_weights[loss_chunk];
  const double* weights = data_.weighted() ? row_weights : nullptr;
  for (std::size_t i = 0; i < rows && weights != nullptr; ++i) {
    row_weights[i] = data_.weight(split, range.begin + i);
  }
  sums.back() += weights == nullptr ? static_cast<double>(rows) : sum_of(weights, nullptr, rows);
  if (rows * outputs > loss_chunk) {  // a single row with very many outputs
    add_wide_row(scoring, y, truth, weights == nullptr ? 1 : weights[0], sums);
    return;
  }
  if (scoring.task == Task::classes) {
    class_terms(y, truth, rows, outputs, values, room);
    sums[0] += sum_of(values, weights, rows);
    return;
  }
  if (scoring.task == Task::binary) {
    for (std::size_t i = 0; i < rows * outputs; ++i) {
      values[i] = static_cast<double>(y[i]);
      room[i] = static_cast<double>(truth[i]);
    }
  } else {
    scaled_differences(y, truth, scoring.factors.data(), outputs, rows * outputs, values);
    std::fill_n(room, rows * outputs, 0.0);
  }
  loss_values(loss, values, room, rows * outputs, values);
  if (outputs == 1) {
    sums[0] += sum_of(values, weights, rows);
    return;
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const double weight = weights == nullptr ? 1 : weights[i];
    for (std::size_t j = 0; j < outputs; ++j) {
      sums[j] += weight * values[i * outputs + j];
    }
  }
}

void Evaluator::add_wide_row(const Scoring& scoring, const float* y, const float* truth,
                             double weight, std::span<double> sums) {
  if (scoring.task == Task::classes) {
    sums[0] += weight * class_loss(y, scoring.outputs, static_cast<std::size_t>(truth[0]));
    return;
  }
  for (std::size_t j = 0; j < scoring.outputs; ++j) {
    const auto p = static_cast<double>(y[j]);
    const auto t = static_cast<double>(truth[j]);
    sums[j] += weight * (scoring.task == Task::binary
                             ? scoring.objective_loss.value(p, t)
                             : scoring.objective_loss.value((p - t) * scoring.factors[j]));
  }
}

Evaluation Evaluator::evaluate(Split split, const Weights& weights, const Scoring& scoring) {
  MetricSums sums(scoring, data_, split, group_);
  run(split, weights, [&](std::span<const float> y, std::span<const float> truth, RowRange range) {
    sums.add(y, truth, range);
  });
  return sums.finish();
}

}  // namespace twostep
