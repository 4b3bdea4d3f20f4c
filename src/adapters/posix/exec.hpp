// What every start of a program needs.
#pragma once

#include <string>
#include <vector>

namespace twostep {

// The exit code of a child that could not become the program, as shells have it.
inline constexpr int cannot_execute = 127;

// For execve: null-terminated, and valid as long as `words` is unchanged.
[[nodiscard]] inline std::vector<char*> exec_words(const std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (const std::string& word : words) {
    out.push_back(const_cast<char*>(word.c_str()));
  }
  out.push_back(nullptr);
  return out;
}

}  // namespace twostep
