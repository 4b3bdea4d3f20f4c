#pragma once

#include <string>

#include "twostep/study/event.hpp"
#include "twostep/study/metric.hpp"

namespace twostep {

// One line for people, without a newline; objective: the study's; command: what
// it measures are the values of the user's program.
[[nodiscard]] std::string describe(const Event& event, Metric objective, bool command = false);
// "loss", the metric's name, or "value".
[[nodiscard]] std::string objective_name(Metric objective, bool command);

}  // namespace twostep
