// Enumerators and their written names, in the order of the enumerators.
#pragma once

#include <string>
#include <vector>

namespace twostep {

template <class Enum>
const char* name_of(const std::vector<std::string>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value)).c_str();
}

template <class Enum>
bool value_of(const std::vector<std::string>& names, const std::string& text, Enum& out) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) {
      out = static_cast<Enum>(i);
      return true;
    }
  }
  return false;
}

}  // namespace twostep
