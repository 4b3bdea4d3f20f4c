// An executable file.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace twostep::test {

inline void write_program(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

}  // namespace twostep::test
