// The search space: named dimensions with a range each, and at most one condition each. Every
// dimension maps the unit interval onto its values, so samplers need to know nothing but [0, 1)^d.
// A dimension's parent always stands before it, so one pass in order resolves all conditions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "twostep/study/value.hpp"

namespace twostep {

enum class DimensionKind { integer, real, choice };

// Active only if the parent is active and its value is in `any_of`, or, when `any_of` is empty, if
// the parent is an integer of at least `at_least`.
struct Condition {
  std::size_t parent = 0;  // index into Space::dimensions
  std::vector<Value> any_of;
  std::int64_t at_least = 0;
  friend bool operator==(const Condition&, const Condition&) = default;
};

struct Dimension {
  std::string name;  // "training.learning_rate", "model.width[3]"
  DimensionKind kind = DimensionKind::real;
  double low = 0;  // integer, real: both ends are included
  double high = 1;
  bool log = false;
  double step = 0;  // 0: none (integers: 1). Values are low, low + step, ... up to high
  std::vector<Value> choices;
  std::optional<Condition> condition;
  friend bool operator==(const Dimension&, const Dimension&) = default;
};

// u in [0, 1). Integers and stepped reals get equal shares of the interval (equal in log for log
// ranges: the share of k is that of [k - 1/2, k + 1/2]).
[[nodiscard]] Value value_at(const Dimension& dimension, double u);
// The middle of the value's share of [0, 1]; value_at(d, unit_of(d, v)) == v for every v that
// value_at returns.
[[nodiscard]] double unit_of(const Dimension& dimension, const Value& value);
// Number of distinct values, or nullopt if continuous.
[[nodiscard]] std::optional<std::uint64_t> cardinality(const Dimension& dimension);
[[nodiscard]] bool contains(const Dimension& dimension, const Value& value);

struct Space {
  std::vector<Dimension> dimensions;

  [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const;
  // Whether dimension i is active given the values before it.
  [[nodiscard]] bool active(std::size_t i, const Point& point) const;
  // From one unit coordinate per dimension; inactive dimensions become monostate.
  [[nodiscard]] Point point_at(const std::vector<double>& unit) const;
  [[nodiscard]] bool contains(const Point& point) const;
  // Number of distinct points (conditions counted), nullopt if infinite or above 2^62.
  [[nodiscard]] std::optional<std::uint64_t> cardinality() const;
  friend bool operator==(const Space&, const Space&) = default;
};

}  // namespace twostep
