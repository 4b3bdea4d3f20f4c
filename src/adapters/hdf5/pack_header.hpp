// The JSON text that a pack carries as its attribute "header".
#pragma once

#include <optional>
#include <string>

#include "twostep/ports/pack.hpp"

namespace twostep::hdf5 {

[[nodiscard]] std::string encode_header(const PackHeader& header);
[[nodiscard]] std::optional<PackHeader> decode_header(const std::string& text);

}  // namespace twostep::hdf5
