#include "twostep/data/transform.hpp"

#include <cmath>
#include <limits>

namespace twostep {
namespace {
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
}

double transformed(const VariableSpec& variable, double value) {
  const double v = value + variable.offset;
  switch (variable.transform) {
    case Transform::none:
      return v;
    case Transform::log10:
      return v > 0 ? std::log10(v) : undefined;
    case Transform::log:
      return v > 0 ? std::log(v) : undefined;
    case Transform::sqrt:
      return v >= 0 ? std::sqrt(v) : undefined;
  }
  return v;
}

double original(const VariableSpec& variable, double value) {
  switch (variable.transform) {
    case Transform::none:
      return value - variable.offset;
    case Transform::log10:
      return std::pow(10.0, value) - variable.offset;
    case Transform::log:
      return std::exp(value) - variable.offset;
    case Transform::sqrt:
      return value * value - variable.offset;
  }
  return value;
}

const char* name(Transform transform) {
  constexpr const char* names[] = {"none", "log10", "log", "sqrt"};
  return names[static_cast<int>(transform)];
}

}  // namespace twostep
