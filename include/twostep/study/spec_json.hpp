// The effective spec as JSON in the very form of a study file, every option written out: what the
// journal keeps and what rank 0 broadcasts. read_spec(read_json(to_json(spec))) == spec.
#pragma once

#include <string>
#include <vector>

#include "twostep/study/config_node.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

[[nodiscard]] std::string to_json(const StudySpec& spec);
// A JSON text as a tree; Error{config} if it is not JSON.
[[nodiscard]] ConfigNode read_json(const std::string& text);

// A list of variables in the form of a study file, for files that keep one.
[[nodiscard]] std::string variables_to_json(const std::vector<VariableSpec>& variables);
[[nodiscard]] std::vector<VariableSpec> variables_from_json(const std::string& text);

struct SpecDifference {
  std::string text;            // "search.trials: 100 -> 200"
  bool forbids_resume = true;  // whether results recorded under the old spec would mean something
                               // else under the new one
};
[[nodiscard]] std::vector<SpecDifference> differences(const StudySpec& before,
                                                      const StudySpec& after);

}  // namespace twostep
