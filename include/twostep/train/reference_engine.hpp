// The truth: plain loops in double precision, for tests and for processors that oneDNN does not
// know.
#pragma once

#include <memory>

#include "twostep/ports/engine.hpp"

namespace twostep {

[[nodiscard]] std::unique_ptr<Engine> make_reference_engine();

// The activation and its derivative, by definition.
[[nodiscard]] double activate(Activation activation, double z);
[[nodiscard]] double activation_slope(Activation activation, double z);

}  // namespace twostep
