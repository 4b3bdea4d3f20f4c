#pragma once

#include <string>

#include "twostep/study/event.hpp"
#include "twostep/study/metric.hpp"

namespace twostep {

// One line for people, without a newline; objective: the study's.
[[nodiscard]] std::string describe(const Event& event, Metric objective);

}  // namespace twostep
