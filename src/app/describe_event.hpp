#pragma once

#include <string>

#include "twostep/study/event.hpp"

namespace twostep {

// One line for people, without a newline.
[[nodiscard]] std::string describe(const Event& event);

}  // namespace twostep
