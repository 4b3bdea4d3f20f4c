// From a ConfigNode tree to a StudySpec. All mistakes are collected and thrown as one
// Error{config}, each with its place, why it is a mistake and what to write instead.
#pragma once

#include "twostep/study/config_node.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

// What the study file is read for. To be asked for configurations it needs neither data nor budgets
// nor a directory: a space and an algorithm are enough.
enum class StudyUse { run, ask };

[[nodiscard]] StudySpec read_spec(const ConfigNode& root, StudyUse use = StudyUse::run);
// What can only be told once the data are known: Error{config} if the output layer does not go with
// this number of target columns.
void check_target_columns(const StudySpec& spec, std::uint64_t columns);

}  // namespace twostep
