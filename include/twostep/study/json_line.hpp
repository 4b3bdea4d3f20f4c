// A line of JSON from a program that is not ours. NaN and Infinity, which JSON has no number for
// and Python writes all the same, are read as the texts "nan", "inf" and "-inf".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "twostep/study/config_node.hpp"

namespace twostep {

// The same line as JSON.
[[nodiscard]] std::string as_json(std::string_view line);
// Error{config} if it is not JSON.
[[nodiscard]] ConfigNode read_json_line(const std::string& line);
// A number, or one of "nan", "inf", "-inf"; nullopt: neither.
[[nodiscard]] std::optional<double> json_number(const ConfigNode& node);

}  // namespace twostep
