#include "twostep/study/space.hpp"

#include <algorithm>
#include <cmath>

#include "twostep/base/check.hpp"

namespace twostep {
namespace {

constexpr std::uint64_t countable_limit = std::uint64_t{1} << 62;

double step_of(const Dimension& d) {
  return d.step > 0 ? d.step : d.kind == DimensionKind::integer ? 1.0 : 0.0;
}

std::uint64_t grid_size(const Dimension& d) {
  return static_cast<std::uint64_t>(std::floor((d.high - d.low) / step_of(d) + 1e-9)) + 1;
}

double grid_value(const Dimension& d, std::uint64_t k) {
  return std::min(d.high, d.low + static_cast<double>(k) * step_of(d));
}

// Lower edge of the k-th value's share on a log scale: half a step below it.
double log_edge(const Dimension& d, double k) {
  return std::log(std::max(d.low + (k - 0.5) * step_of(d), d.low * 0.5));
}

std::uint64_t grid_index(const Dimension& d, double u) {
  const std::uint64_t n = grid_size(d);
  if (!d.log) {
    return std::min(n - 1, static_cast<std::uint64_t>(u * static_cast<double>(n)));
  }
  const double a = log_edge(d, 0);
  const double b = log_edge(d, static_cast<double>(n));
  const double position = (std::exp(a + u * (b - a)) - d.low) / step_of(d) + 0.5;
  return std::min(n - 1, static_cast<std::uint64_t>(std::max(0.0, position)));
}

double grid_unit(const Dimension& d, double value) {
  const double k = std::round((value - d.low) / step_of(d));
  const auto n = static_cast<double>(grid_size(d));
  if (!d.log) {
    return (k + 0.5) / n;
  }
  const double a = log_edge(d, 0);
  const double b = log_edge(d, n);
  return (0.5 * (log_edge(d, k) + log_edge(d, k + 1)) - a) / (b - a);
}

std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b) {
  if (a != 0 && b > countable_limit / a) {
    return std::nullopt;
  }
  return a * b;
}

// Number of points over dimensions i.. given the values before.
std::optional<std::uint64_t> count_from(const Space& space, std::size_t i, Point& point);

// The children decide whether a dimension's values must be enumerated; others can be multiplied.
bool is_parent(const Space& space, std::size_t i) {
  return std::any_of(space.dimensions.begin(), space.dimensions.end(),
                     [&](const Dimension& d) { return d.condition && d.condition->parent == i; });
}

std::optional<std::uint64_t> count_parent(const Space& space, std::size_t i, Point& point,
                                          std::uint64_t size) {
  const Dimension& d = space.dimensions[i];
  std::uint64_t total = 0;
  for (std::uint64_t k = 0; k < size; ++k) {
    if (d.kind == DimensionKind::choice) {
      point.values[i] = d.choices[k];
    } else if (d.kind == DimensionKind::integer) {
      point.values[i] = static_cast<std::int64_t>(std::llround(grid_value(d, k)));
    } else {
      point.values[i] = grid_value(d, k);
    }
    const auto part = count_from(space, i + 1, point);
    if (!part || *part > countable_limit - total) {
      return std::nullopt;
    }
    total += *part;
  }
  return total;
}

std::optional<std::uint64_t> count_from(const Space& space, std::size_t i, Point& point) {
  if (i == space.dimensions.size()) {
    return 1;
  }
  if (!space.active(i, point)) {
    point.values[i] = std::monostate{};
    return count_from(space, i + 1, point);
  }
  const auto size = cardinality(space.dimensions[i]);
  if (!size) {
    return std::nullopt;
  }
  if (is_parent(space, i)) {
    return *size > 100000 ? std::nullopt : count_parent(space, i, point, *size);
  }
  const auto rest = count_from(space, i + 1, point);
  return rest ? checked_multiply(*size, *rest) : std::nullopt;
}

}  // namespace

Value value_at(const Dimension& d, double u) {
  u = std::clamp(u, 0.0, std::nextafter(1.0, 0.0));
  if (d.kind == DimensionKind::choice) {
    TWOSTEP_REQUIRE(!d.choices.empty());
    const auto n = d.choices.size();
    return d.choices[std::min(n - 1, static_cast<std::size_t>(u * static_cast<double>(n)))];
  }
  if (step_of(d) > 0) {
    const double value = grid_value(d, grid_index(d, u));
    return d.kind == DimensionKind::integer ? Value(static_cast<std::int64_t>(std::llround(value)))
                                            : Value(value);
  }
  const double value = d.log ? std::exp(std::log(d.low) + u * (std::log(d.high) - std::log(d.low)))
                             : d.low + u * (d.high - d.low);
  return std::clamp(value, d.low, d.high);
}

double unit_of(const Dimension& d, const Value& value) {
  if (d.kind == DimensionKind::choice) {
    const auto found = std::find(d.choices.begin(), d.choices.end(), value);
    TWOSTEP_REQUIRE(found != d.choices.end());
    return (static_cast<double>(found - d.choices.begin()) + 0.5) /
           static_cast<double>(d.choices.size());
  }
  const double v = d.kind == DimensionKind::integer
                       ? static_cast<double>(std::get<std::int64_t>(value))
                       : std::get<double>(value);
  if (step_of(d) > 0) {
    return grid_unit(d, v);
  }
  if (d.high == d.low) {
    return 0;
  }
  return d.log ? (std::log(v) - std::log(d.low)) / (std::log(d.high) - std::log(d.low))
               : (v - d.low) / (d.high - d.low);
}

std::optional<std::uint64_t> cardinality(const Dimension& d) {
  if (d.kind == DimensionKind::choice) {
    return d.choices.size();
  }
  if (d.low == d.high) {
    return 1;
  }
  if (step_of(d) > 0) {
    return grid_size(d);
  }
  return std::nullopt;
}

bool contains(const Dimension& d, const Value& value) {
  if (d.kind == DimensionKind::choice) {
    return std::find(d.choices.begin(), d.choices.end(), value) != d.choices.end();
  }
  double v = 0;
  if (d.kind == DimensionKind::integer) {
    const auto* i = std::get_if<std::int64_t>(&value);
    if (!i) {
      return false;
    }
    v = static_cast<double>(*i);
  } else if (const auto* x = std::get_if<double>(&value)) {
    v = *x;
  } else {
    return false;
  }
  if (!(v >= d.low && v <= d.high)) {
    return false;
  }
  if (step_of(d) == 0) {
    return true;
  }
  const double k = (v - d.low) / step_of(d);
  return std::abs(k - std::round(k)) < 1e-6 || v == d.high;
}

std::optional<std::size_t> Space::find(const std::string& name) const {
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    if (dimensions[i].name == name) {
      return i;
    }
  }
  return std::nullopt;
}

bool Space::active(std::size_t i, const Point& point) const {
  TWOSTEP_REQUIRE(i < dimensions.size());
  const auto& condition = dimensions[i].condition;
  if (!condition) {
    return true;
  }
  TWOSTEP_REQUIRE(condition->parent < i && condition->parent < point.values.size());
  const Value& parent = point.values[condition->parent];
  if (!is_active(parent)) {
    return false;
  }
  if (!condition->any_of.empty()) {
    return std::find(condition->any_of.begin(), condition->any_of.end(), parent) !=
           condition->any_of.end();
  }
  const auto* k = std::get_if<std::int64_t>(&parent);
  return k && *k >= condition->at_least;
}

Point Space::point_at(const std::vector<double>& unit) const {
  TWOSTEP_REQUIRE(unit.size() == dimensions.size());
  Point point;
  point.values.resize(dimensions.size());
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    if (active(i, point)) {
      point.values[i] = value_at(dimensions[i], unit[i]);
    }
  }
  return point;
}

bool Space::contains(const Point& point) const {
  if (point.values.size() != dimensions.size()) {
    return false;
  }
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const bool here = is_active(point.values[i]);
    if (here != active(i, point) || (here && !twostep::contains(dimensions[i], point.values[i]))) {
      return false;
    }
  }
  return true;
}

std::optional<std::uint64_t> Space::cardinality() const {
  Point point;
  point.values.resize(dimensions.size());
  return count_from(*this, 0, point);
}

}  // namespace twostep
