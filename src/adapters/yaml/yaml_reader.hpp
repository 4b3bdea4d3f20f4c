// YAML text as a ConfigNode tree. The only place that knows yaml-cpp.
#pragma once

#include <string>

#include "twostep/study/config_node.hpp"

namespace twostep {

// Error{config} with file:line for a syntax error, more than one document, or a tree that is too
// deep or too large.
[[nodiscard]] ConfigNode read_yaml(const std::string& text, const std::string& file);
[[nodiscard]] std::string yaml_library_version();

}  // namespace twostep
