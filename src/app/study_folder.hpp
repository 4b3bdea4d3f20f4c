// What lies in a study directory, read without a lock.
#pragma once

#include <string>

#include "twostep/control/journal.hpp"
#include "twostep/control/state.hpp"
#include "twostep/study/report.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

struct RecordedStudy {
  StudySpec spec;
  Space space;
  State state;
};

// Error{study} if there is no study in it. `event` sees every event on the way (may be empty).
[[nodiscard]] RecordedStudy read_study(const std::string& directory,
                                       const std::function<void(const NumberedEvent&)>& event = {});

// report.json and trials.csv, replaced atomically.
void write_results(Files& files, const Report& report);
// Removes what twostep has written, and nothing else.
void clear_study(const std::string& directory);
[[nodiscard]] bool holds_study(Files& files);

}  // namespace twostep
