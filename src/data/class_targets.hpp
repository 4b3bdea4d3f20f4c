// The targets of cross-entropies, looked at before anything runs.
#pragma once

#include "twostep/data/data_plan.hpp"

namespace twostep {

enum class Label { good, fraction, outside };

// Whether a value can be the class of a row (classes > 0: below that many), or a probability.
[[nodiscard]] Label label_of(Task task, double value, std::uint64_t classes);

// The number of classes; 0 without a class target. Error{data} at the first value that is no class
// or no probability. To find the number it reads the whole variable, otherwise its first rows in
// each file. Missing values are left to the extraction.
[[nodiscard]] std::uint64_t read_classes(const StudySpec& spec, Shards& shards,
                                         const DataPlan& plan);

}  // namespace twostep
