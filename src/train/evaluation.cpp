#include "train/evaluation.hpp"

#include <algorithm>

#include "train/ordered_sums.hpp"

namespace twostep {
namespace {

constexpr std::uint64_t batch_rows = 1024;

}  // namespace

void Evaluator::run(
    Split split, const Weights& weights,
    const std::function<void(std::span<const float>, std::span<const float>, RowRange)>& use) {
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

std::vector<double> Evaluator::mean_losses(Split split, const Weights& weights,
                                           const Scoring& scoring) {
  const LossFunction& loss = scoring.objective_loss;
  const std::size_t targets = data_.targets();
  const std::size_t outputs = scoring.outputs;
  const bool plain = scoring.task == Task::regression && !data_.weighted();
  OrderedSums ordered(data_.rows(split), targets + 1);  // the last: the weight of the rows
  run(split, weights, [&](std::span<const float> y, std::span<const float> truth, RowRange range) {
    const std::span<double> sums = ordered.of(range);
    if (plain) {
      for (std::size_t i = 0; i < y.size(); i += targets) {
        for (std::size_t j = 0; j < targets; ++j) {
          const double d = static_cast<double>(y[i + j]) - static_cast<double>(truth[i + j]);
          sums[j] += loss.value(d * scoring.factors[j]);
        }
      }
      sums.back() += static_cast<double>(range.size());
      return;
    }
    for (std::uint64_t i = 0; i < range.size(); ++i) {
      const double weight = data_.weight(split, range.begin + i);
      sums.back() += weight;
      if (scoring.task == Task::classes) {
        sums[0] +=
            weight * class_loss(&y[i * outputs], outputs, static_cast<std::size_t>(truth[i]));
        continue;
      }
      for (std::size_t j = 0; j < targets; ++j) {
        const auto p = static_cast<double>(y[i * targets + j]);
        const auto t = static_cast<double>(truth[i * targets + j]);
        sums[j] +=
            weight * (scoring.task == Task::binary ? loss.value(p, t)
                                                   : loss.value((p - t) * scoring.factors[j]));
      }
    }
  });
  std::vector<double> sums = ordered.finish(group_);
  const double rows = sums.back();
  sums.pop_back();
  for (double& s : sums) {
    s /= rows;
  }
  return sums;
}

Evaluation Evaluator::evaluate(Split split, const Weights& weights, const Scoring& scoring) {
  MetricSums sums(scoring, data_, split, group_);
  run(split, weights, [&](std::span<const float> y, std::span<const float> truth, RowRange range) {
    sums.add(y, truth, range);
  });
  return sums.finish();
}

}  // namespace twostep
