// Configurations as outsiders write them: dimension names and values, perhaps not all of them. It
// is the one way in for points to try first, for trials of other studies and for whoever asks and
// tells; what a value may be is said by the space.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "twostep/study/config_node.hpp"
#include "twostep/study/space.hpp"

namespace twostep {

// One value per dimension of the space; monostate where none is given.
struct PartialPoint {
  std::vector<Value> values;
};

// From {name: value, ...}. Each mistake (no such dimension, not one of its values) goes to
// `problem` with its place in the text.
struct ConfigurationProblem {
  std::string where;
  std::string what;
  std::string why;
  std::string hint;
};
[[nodiscard]] PartialPoint read_configuration(
    const Space& space, const ConfigNode& map,
    const std::function<void(const ConfigurationProblem&)>& problem);

// The value of the dimension that a text or number stands for; nullopt: none. 32 is a real where
// the dimension is real; 0.1 is no whole number.
[[nodiscard]] std::optional<Value> fit_value(const Dimension& dimension, const ConfigNode& scalar);

// "a whole number from 1 to 3", "one of a, b".
[[nodiscard]] std::string allowed_values(const Dimension& dimension);

// The given values; elsewhere those of `base`, and where that has none, the one at `unit`, of which
// there is one per dimension. Given values of dimensions that are inactive are dropped.
[[nodiscard]] Point complete(const Space& space, const PartialPoint& given, const Point& base,
                             const std::vector<double>& unit);

// {"name": value, ...} of the active dimensions, without spaces.
[[nodiscard]] std::string configuration_json(const Space& space, const Point& point);

}  // namespace twostep
