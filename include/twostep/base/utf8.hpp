// UTF-8 (RFC 3629), which JSON text must be.
#pragma once

#include <string>
#include <string_view>

namespace twostep {

// The bytes of the first character of a text that is not empty, 1 to 4; 0: it is ill-formed.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

// The text with U+FFFD in the place of each longest ill-formed part of a character (The Unicode
// Standard 15, section 3.9, "substitution of maximal subparts"); what is well-formed stays.
[[nodiscard]] std::string as_utf8(std::string_view text);

}  // namespace twostep
