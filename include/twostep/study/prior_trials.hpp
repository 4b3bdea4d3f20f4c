// Trials of earlier searches as trials of this study's space: search.warm_start.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "twostep/study/event.hpp"
#include "twostep/study/metric.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

// The text of the value of the dimension of that name; nullopt: there is none.
using NamedText = std::function<std::optional<std::string>(const std::string& dimension)>;

// The point whose active dimensions have these values; nullopt where one is missing or outside its
// range.
[[nodiscard]] std::optional<Point> point_of(const Space& space, const NamedText& value);

// The point of study `from` in the space of study `to`. What one of them leaves constant counts
// with its value; dimensions that `to` does not know at all are passed over. nullopt: it has no
// place there.
[[nodiscard]] std::optional<Point> translate(const StudySpec& from, const Space& from_space,
                                             const Point& point, const StudySpec& to,
                                             const Space& to_space);

// Trials of a table with a head line (RFC 4180): a column for every dimension, under its name or
// "params_" and its name; "objective" or "value", in the metric's natural direction; optionally
// "status" or "state" (finished, stopped, complete or pruned: others have failed), "parameters" and
// "train_seconds". That is what trials.csv of a study and the data frame of an Optuna study hold.
// Error{config} for a text that is no such table.
[[nodiscard]] WarmStarted read_trials_csv(const std::string& text, const std::string& source,
                                          const Space& space, Metric objective);

// Trials of the one study in the file of an Optuna JournalFileStorage; parameters are named like
// the dimensions. Those that wait or are under way are passed over, failed ones have failed.
// Error{config} for another file, several studies or objectives, or the other direction.
[[nodiscard]] WarmStarted read_optuna_journal(const std::string& text, const std::string& source,
                                              const Space& space, Metric objective);

}  // namespace twostep
