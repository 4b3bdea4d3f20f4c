// The transforms that a study file may ask of a variable, and their inverses.
#pragma once

#include "twostep/study/spec.hpp"

namespace twostep {

// NaN where the transform is not defined (log of a value <= 0, root of a negative one).
[[nodiscard]] double transformed(const VariableSpec& variable, double value);
// transformed(v, original(v, t)) == t, up to rounding.
[[nodiscard]] double original(const VariableSpec& variable, double value);
[[nodiscard]] const char* name(Transform transform);

}  // namespace twostep
