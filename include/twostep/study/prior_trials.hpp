// Trials of earlier searches as trials of this study's space: search.warm_start.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "twostep/study/event.hpp"
#include "twostep/study/metric.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

// The text of the value of that dimension; nullopt: there is none.
using ValueText = std::function<std::optional<std::string>(const Dimension& dimension)>;

// The point whose active dimensions have these values; nullopt where one is missing or outside its
// range, and `why`, if given, says which.
[[nodiscard]] std::optional<Point> point_of(const Space& space, const ValueText& value,
                                            std::string* why = nullptr);

// The point of study `from` in the space of study `to`. What one of them leaves constant counts
// with its value; dimensions that `to` does not know at all are passed over. nullopt: it has no
// place there.
[[nodiscard]] std::optional<Point> translate(const StudySpec& from, const Space& from_space,
                                             const Point& point, const StudySpec& to,
                                             const Space& to_space, std::string* why = nullptr);

// What this study leaves constant, of the setting that the name belongs to ("model.width[3]" to
// model.width); nullopt: it is none of its settings, or a range.
[[nodiscard]] std::optional<std::string> constant_of(const StudySpec& spec,
                                                     const std::string& dimension);
// Whether two texts are the same value: 1e-05 is 0.00001, True is true.
[[nodiscard]] bool same_value(const std::string& a, const std::string& b);
// How the dimension calls Python's None, if it has it: none, None or null.
[[nodiscard]] std::optional<std::string> none_of(const Dimension& dimension);

// Of the budget, where a trial was stopped at `spent` of `whole`, counted in whatever; a half where
// that says nothing: it is less than the whole, which is what algorithms have to know.
[[nodiscard]] double share_spent(double spent, double whole);
// The least of those that finished; NaN: none did.
[[nodiscard]] double best_objective(const WarmStarted& warm);

struct TrialsRead {
  WarmStarted warm;
  std::string first_left_out;  // which one, and why; empty: none was
  // A trial that has no place in the space.
  void leave_out(const std::string& where, const std::string& why) {
    first_left_out = warm.left_out++ == 0 ? where + ": " + why : first_left_out;
  }
};

// Trials of a table with a head line (RFC 4180): "objective" or "value", in the direction of
// this study's objective; a column for every dimension, under its name (trials.csv of a study) or,
// for all, "params_" and its name (an Optuna study's trials_dataframe); optionally "status" or
// "state", "parameters", "train_seconds" and "inference_seconds_per_row". Whatever is under way is
// passed over; whatever failed or has no finite value has failed. Error{config} with the line for
// what is no such table.
[[nodiscard]] TrialsRead read_trials_csv(std::string_view text, const std::string& source,
                                         const StudySpec& spec, const Space& space);

// Trials of a study in the file of an Optuna JournalFileStorage; parameters are named like the
// dimensions. Those that wait or are under way are passed over, failed ones have failed, and the
// rest of a last line whose writer was killed is ignored. `study`: its name; empty: the only one.
// Error{config} with the line for another file, several objectives, or the other direction.
[[nodiscard]] TrialsRead read_optuna_journal(std::string_view text, const std::string& source,
                                             const std::string& study, const StudySpec& spec,
                                             const Space& space);

}  // namespace twostep
