// The three forms of a Report, and trials.csv. Numbers are written so that they read back to the
// same bits, except in the text form, which is for people.
#pragma once

#include <string>

#include "twostep/study/report.hpp"

namespace twostep {

[[nodiscard]] std::string report_text(const Report& report);
[[nodiscard]] std::string report_json(const Report& report);
// One line per trial. Columns that a clock decides: train_seconds, and nothing else.
[[nodiscard]] std::string trials_csv(const Report& report);

}  // namespace twostep
