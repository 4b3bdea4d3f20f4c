// The report of a study, from its state alone.
#pragma once

#include "twostep/control/state.hpp"
#include "twostep/study/report.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

[[nodiscard]] Report make_report(const State& state, const StudySpec& spec, const Space& space);

}  // namespace twostep
