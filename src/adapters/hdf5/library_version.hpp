#pragma once

#include <string>

namespace twostep {

[[nodiscard]] std::string hdf5_version();  // "1.10.8 (parallel)"

}  // namespace twostep
