#include "train/evaluation.hpp"

#include <cmath>
#include <limits>

#include "train/ordered_sums.hpp"
#include "twostep/data/transform.hpp"

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
    output_.resize(n * data_.targets());
    network->infer(weights, rows.x, output_);
    use(output_, rows.y, range);
  }
}

std::vector<double> Evaluator::mean_losses(Split split, const Weights& weights,
                                           const LossFunction& loss,
                                           std::span<const double> factors) {
  const std::size_t targets = data_.targets();
  OrderedSums ordered(data_.rows(split), targets);
  run(split, weights, [&](std::span<const float> y, std::span<const float> truth, RowRange range) {
    const std::span<double> sums = ordered.of(range);
    for (std::size_t i = 0; i < y.size(); i += targets) {
      for (std::size_t j = 0; j < targets; ++j) {
        const double d = static_cast<double>(y[i + j]) - static_cast<double>(truth[i + j]);
        sums[j] += loss.value(d * factors[j]);
      }
    }
  });
  std::vector<double> sums = ordered.finish(group_);
  for (double& s : sums) {
    s /= static_cast<double>(data_.rows(split));
  }
  return sums;
}

Evaluation Evaluator::evaluate(Split split, const Weights& weights, const LossFunction& loss,
                               const std::vector<VariableSpec>& targets,
                               const std::vector<std::uint64_t>& columns,
                               const std::vector<std::string>& names) {
  const std::size_t width = data_.targets();
  std::vector<const VariableSpec*> variable;
  for (std::size_t v = 0; v < targets.size(); ++v) {
    variable.insert(variable.end(), columns[v], &targets[v]);
  }
  const ColumnEncoding& stored = data_.stored_targets();
  const ColumnEncoding& wanted = data_.target_encoding();
  const std::span<const float> truths = data_.stored_targets(split);
  const auto truth_at = [&](std::uint64_t row, std::size_t j) {
    return original(
        *variable[j],
        stored.offset[j] + stored.scale[j] * static_cast<double>(truths[row * width + j]));
  };
  const double rows = static_cast<double>(data_.rows(split));
  OrderedSums truth_sums(data_.rows(split), width);
  const RowRange mine = OrderedSums::share(data_.rows(split), group_);
  for (std::uint64_t row = mine.begin; row < mine.end; ++row) {
    for (std::size_t j = 0; j < width; ++j) {
      truth_sums.of({row, row + 1})[j] += truth_at(row, j);
    }
  }
  const std::vector<double> means = truth_sums.finish(group_);
  OrderedSums ordered(data_.rows(split), 4 * width);  // residual and total squares, absolute, loss
  run(split, weights, [&](std::span<const float> y, std::span<const float> truth, RowRange range) {
    const std::span<double> sums = ordered.of(range);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t j = i % width;
      const double t = truth_at(range.begin + i / width, j);
      const double p =
          original(*variable[j], wanted.offset[j] + wanted.scale[j] * static_cast<double>(y[i]));
      const double d = static_cast<double>(y[i]) - static_cast<double>(truth[i]);
      sums[j] += (p - t) * (p - t);
      sums[width + j] += (t - means[j] / rows) * (t - means[j] / rows);
      sums[2 * width + j] += std::abs(p - t);
      sums[3 * width + j] += loss.value(d);
    }
  });
  const std::vector<double> sums = ordered.finish(group_);
  Evaluation out;
  out.rows = data_.rows(split);
  for (std::size_t j = 0; j < width; ++j) {
    const double total = sums[width + j];
    const double r2 = total > 0 ? 1 - sums[j] / total : std::numeric_limits<double>::quiet_NaN();
    out.targets.push_back({names[j], std::sqrt(sums[j] / rows), sums[2 * width + j] / rows, r2});
    out.loss += sums[3 * width + j] / rows / static_cast<double>(width);
  }
  return out;
}

}  // namespace twostep
