// A forest of extremely randomised regression trees over a search space: numbers are split at
// thresholds, categories into random subsets, and a dimension that a trial does not have is a value
// of its own, below all others. Predicts a mean, and a deviation from the spread within and between
// leaves.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/draws.hpp"
#include "search/history.hpp"

namespace twostep {

struct Prediction {
  double mean = 0;
  double deviation = 0;
};

class Forest {
 public:
  // `targets`: one per row.
  Forest(const History& history, const std::vector<History::Row>& rows,
         const std::vector<double>& targets, const Rng& rng);

  // Coordinates as History::unit.
  [[nodiscard]] Prediction predict(std::span<const double> unit) const;
  // The leaf of each tree, as an index into all nodes of the forest.
  void leaves(std::span<const double> unit, std::vector<std::uint32_t>& out) const;
  [[nodiscard]] Prediction predict(const std::vector<std::uint32_t>& leaves) const;
  [[nodiscard]] std::size_t node_count() const { return nodes_.size(); }

 private:
  struct Node {
    std::int32_t dimension = -1;  // -1: a leaf
    std::uint32_t left = 0;       // the right one follows it
    float threshold = 0;
    std::uint64_t categories = 0;  // those that go left
    float mean = 0;
    float variance = 0;
  };
  struct Split {
    std::int32_t dimension = -1;
    float threshold = 0;
    std::uint64_t categories = 0;
  };
  std::vector<Axis> axes_;
  std::vector<std::int32_t> splittable_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> roots_;
  // While fitting: coordinates by row, and the rows of the tree at hand, ordered by node.
  std::vector<float> x_;
  std::vector<float> y_;
  std::vector<std::uint32_t> order_;

  [[nodiscard]] float coordinate(std::size_t dimension, double u) const;
  [[nodiscard]] bool goes_left(const Node& node, float x) const {
    return node.categories == 0 ? x <= node.threshold
                                : (node.categories >> static_cast<unsigned>(x + 1)) & 1U;
  }
  void grow(std::uint32_t node, std::size_t begin, std::size_t end, Draws& draws);
  [[nodiscard]] Split draw_split(std::size_t begin, std::size_t end, Draws& draws) const;
  [[nodiscard]] Split first_split(std::size_t begin, std::size_t end, Draws& draws) const;
  [[nodiscard]] Split split_between(std::int32_t d, float a, float b, Draws& draws) const;
  [[nodiscard]] Split best_split(std::size_t begin, std::size_t end, Draws& draws) const;
};

}  // namespace twostep
