// The files port below one folder of the file system.
#pragma once

#include <memory>
#include <string>

#include "twostep/ports/files.hpp"

namespace twostep {

[[nodiscard]] std::unique_ptr<Files> make_posix_files(const std::string& folder);

}  // namespace twostep
