// Geurts, Ernst and Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006; variance of
// a prediction as in Hutter, Xu, Hoos and Leyton-Brown, "Algorithm runtime prediction", AIJ 206,
// 2014.
#include "search/surrogate/forest.hpp"

#include <algorithm>
#include <cmath>

namespace twostep {
namespace {

constexpr std::size_t trees = 10;
constexpr std::size_t smallest_node = 4;       // is not split further
constexpr std::size_t most_rows = 4000;        // of one tree: a random part of longer histories
constexpr std::uint64_t most_categories = 62;  // in a bit mask; more are split by their order
constexpr std::size_t most_splits = 12;        // tried per node
constexpr float inactive = -1;

// Of some of a node's splits: how many rows go left, and what their targets sum to.
struct SplitSums {
  std::size_t size = 0;
  std::size_t places[most_splits] = {};  // among all splits of the node
  std::size_t dimensions[most_splits] = {};
  float limits[most_splits] = {};
  std::uint64_t left[most_splits] = {};
  float sums[most_splits] = {};
  std::uint32_t numbers[most_splits] = {};

  template <class Split>
  void add(const Split& split, std::size_t place) {
    places[size] = place;
    dimensions[size] = static_cast<std::size_t>(split.dimension);
    limits[size] = split.threshold;
    left[size] = split.categories;
    ++size;
  }
  template <class GoesLeft>
  void count(const float* x, float y, GoesLeft goes_left) {
    for (std::size_t s = 0; s < size; ++s) {
      const bool is_left = goes_left(s, x[dimensions[s]]);
      sums[s] += is_left ? y : 0.0F;
      numbers[s] += is_left ? 1 : 0;
    }
  }
};

}  // namespace

float Forest::coordinate(std::size_t dimension, double u) const {
  if (std::isnan(u)) {
    return inactive;
  }
  const Axis& axis = axes_[dimension];
  return static_cast<float>(axis.categorical ? static_cast<double>(axis.category(u)) : u);
}

Forest::Forest(const History& history, const std::vector<History::Row>& rows,
               const std::vector<double>& targets, const Rng& rng)
    : axes_(history.axes()) {
  for (std::size_t d = 0; d < axes_.size(); ++d) {
    if (axes_[d].levels != 1 || axes_[d].conditional) {
      splittable_.push_back(static_cast<std::int32_t>(d));
    }
  }
  x_.reserve(rows.size() * axes_.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto unit = history.unit(rows[i]);
    for (std::size_t d = 0; d < unit.size(); ++d) {
      x_.push_back(coordinate(d, unit[d]));
    }
    y_.push_back(static_cast<float>(targets[i]));
  }
  Draws draws(rng);
  for (std::size_t tree = 0; tree < trees; ++tree) {
    order_.clear();
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      if (rows.size() <= most_rows || draws.below(rows.size()) < most_rows) {
        order_.push_back(i);
      }
    }
    roots_.push_back(static_cast<std::uint32_t>(nodes_.size()));
    nodes_.emplace_back();
    grow(roots_.back(), 0, order_.size(), draws);
  }
  x_ = {};
  y_ = {};
  order_ = {};
}

// A random dimension, and a threshold between two of the node's values.
Forest::Split Forest::draw_split(std::size_t begin, std::size_t end, Draws& draws) const {
  const std::int32_t d = splittable_[draws.below(splittable_.size())];
  const auto value = [&] {
    return x_[order_[begin + draws.below(end - begin)] * axes_.size() +
              static_cast<std::size_t>(d)];
  };
  const float a = value();
  return split_between(d, a, value(), draws);
}

// For nodes in which random pairs were alike: the first dimension, from a random one on, that has
// two values.
Forest::Split Forest::first_split(std::size_t begin, std::size_t end, Draws& draws) const {
  const std::size_t from = splittable_.empty() ? 0 : draws.below(splittable_.size());
  for (std::size_t i = 0; i < splittable_.size(); ++i) {
    const std::int32_t d = splittable_[(from + i) % splittable_.size()];
    const auto value = [&](std::size_t at) {
      return x_[order_[at] * axes_.size() + static_cast<std::size_t>(d)];
    };
    for (std::size_t at = begin + 1; at < end; ++at) {
      if (value(at) != value(begin)) {
        return split_between(d, value(begin), value(at), draws);
      }
    }
  }
  return {};
}

// No split where the two values are one.
Forest::Split Forest::split_between(std::int32_t d, float a, float b, Draws& draws) const {
  Split split;
  if (a == b) {
    return split;
  }
  const auto dimension = static_cast<std::size_t>(d);
  split.dimension = d;
  const Axis& axis = axes_[dimension];
  if (axis.categorical && axis.levels <= most_categories) {
    const std::uint64_t bits = draws.below(std::uint64_t{1} << (axis.levels + 1));
    const auto left = std::uint64_t{1} << static_cast<unsigned>(a + 1);
    const auto right = std::uint64_t{1} << static_cast<unsigned>(b + 1);
    split.categories = (bits | left) & ~right;
  } else {
    const auto between = static_cast<float>(draws.uniform());
    const float low = std::min(a, b);
    const float high = std::max(a, b);
    split.threshold = std::min(low + between * (high - low), std::nextafter(high, low));
  }
  return split;
}

Forest::Split Forest::best_split(std::size_t begin, std::size_t end, Draws& draws) const {
  Split splits[most_splits];
  std::size_t count = 0;
  const std::size_t wanted = std::min(most_splits, splittable_.size() * 5 / 6 + 1);
  for (std::size_t i = 0; i < 2 * wanted && count < wanted && !splittable_.empty(); ++i) {
    splits[count] = draw_split(begin, end, draws);
    count += splits[count].dimension >= 0 ? 1 : 0;
  }
  // Thresholds and categories apart: neither loop has to ask which a split is.
  SplitSums thresholds;
  SplitSums categories;
  for (std::size_t s = 0; s < count; ++s) {
    (splits[s].categories == 0 ? thresholds : categories).add(splits[s], s);
  }
  float total = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const float* x = x_.data() + order_[i] * axes_.size();
    const float y = y_[order_[i]];
    total += y;
    thresholds.count(x, y, [&](std::size_t s, float v) { return v <= thresholds.limits[s]; });
    categories.count(x, y, [&](std::size_t s, float v) {
      return ((categories.left[s] >> static_cast<unsigned>(v + 1)) & 1U) != 0;
    });
  }
  float sums[most_splits] = {};
  std::uint32_t numbers[most_splits] = {};
  for (const SplitSums* part : {&thresholds, &categories}) {
    for (std::size_t s = 0; s < part->size; ++s) {
      sums[part->places[s]] = part->sums[s];
      numbers[part->places[s]] = part->numbers[s];
    }
  }
  Split best;
  double most = -1;
  for (std::size_t s = 0; s < count; ++s) {
    const double left = numbers[s];
    const double right = static_cast<double>(end - begin) - left;
    const double rest = static_cast<double>(total) - static_cast<double>(sums[s]);
    if (left == 0 || right == 0) {
      continue;
    }
    const double explained =
        static_cast<double>(sums[s]) * static_cast<double>(sums[s]) / left + rest * rest / right;
    if (explained > most) {
      most = explained;
      best = splits[s];
    }
  }
  return best.dimension < 0 ? first_split(begin, end, draws) : best;
}

void Forest::grow(std::uint32_t node, std::size_t begin, std::size_t end, Draws& draws) {
  double sum = 0;
  double squares = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const auto y = static_cast<double>(y_[order_[i]]);
    sum += y;
    squares += y * y;
  }
  const auto n = static_cast<double>(std::max<std::size_t>(1, end - begin));
  nodes_[node].mean = static_cast<float>(sum / n);
  nodes_[node].variance = static_cast<float>(std::max(0.0, squares / n - (sum / n) * (sum / n)));
  if (end - begin < smallest_node || nodes_[node].variance < 1e-12F) {
    return;
  }
  const Split split = best_split(begin, end, draws);
  if (split.dimension < 0) {
    return;
  }
  nodes_[node].dimension = split.dimension;
  nodes_[node].threshold = split.threshold;
  nodes_[node].categories = split.categories;
  nodes_[node].left = static_cast<std::uint32_t>(nodes_.size());
  const Node copy = nodes_[node];
  const auto middle = std::stable_partition(
      order_.begin() + static_cast<long>(begin), order_.begin() + static_cast<long>(end),
      [&](std::uint32_t row) {
        return goes_left(copy, x_[row * axes_.size() + static_cast<std::size_t>(copy.dimension)]);
      });
  const auto border = static_cast<std::size_t>(middle - order_.begin());
  nodes_.emplace_back();
  nodes_.emplace_back();
  grow(copy.left, begin, border, draws);
  grow(copy.left + 1, border, end, draws);
}

void Forest::leaves(std::span<const double> unit, std::vector<std::uint32_t>& out) const {
  out.clear();
  for (const std::uint32_t root : roots_) {
    std::uint32_t at = root;
    while (nodes_[at].dimension >= 0) {
      const Node& node = nodes_[at];
      const auto d = static_cast<std::size_t>(node.dimension);
      at = node.left + (goes_left(node, coordinate(d, unit[d])) ? 0 : 1);
    }
    out.push_back(at);
  }
}

Prediction Forest::predict(const std::vector<std::uint32_t>& leaves) const {
  double mean = 0;
  double squares = 0;
  for (const std::uint32_t leaf : leaves) {
    const auto m = static_cast<double>(nodes_[leaf].mean);
    mean += m;
    squares += m * m + static_cast<double>(nodes_[leaf].variance);
  }
  mean /= trees;
  return {mean, std::sqrt(std::max(1e-8, squares / trees - mean * mean))};
}

Prediction Forest::predict(std::span<const double> unit) const {
  std::vector<std::uint32_t> at;
  leaves(unit, at);
  return predict(at);
}

}  // namespace twostep
