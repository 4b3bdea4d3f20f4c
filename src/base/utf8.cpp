#include "twostep/base/utf8.hpp"

#include <algorithm>

namespace twostep {
namespace {

struct Lead {
  std::size_t length = 0;      // of the character; 0: no character begins so
  unsigned char least = 0x80;  // second byte
  unsigned char most = 0xBF;
};

// Table 3-7 of the standard.
Lead lead_of(unsigned char first) {
  if (first < 0x80) {
    return {1};
  }
  if (first < 0xC2) {
    return {};
  }
  if (first < 0xE0) {
    return {2};
  }
  if (first < 0xF0) {
    return {3, first == 0xE0 ? static_cast<unsigned char>(0xA0) : static_cast<unsigned char>(0x80),
            first == 0xED ? static_cast<unsigned char>(0x9F) : static_cast<unsigned char>(0xBF)};
  }
  if (first < 0xF5) {
    return {4, first == 0xF0 ? static_cast<unsigned char>(0x90) : static_cast<unsigned char>(0x80),
            first == 0xF4 ? static_cast<unsigned char>(0x8F) : static_cast<unsigned char>(0xBF)};
  }
  return {};
}

// How many bytes from the beginning could begin a character; at least 1.
std::size_t well_begun(std::string_view text, const Lead& lead) {
  const std::size_t longest = std::min(lead.length, text.size());
  std::size_t n = 1;
  for (; n < longest; ++n) {
    const auto byte = static_cast<unsigned char>(text[n]);
    const bool second = n == 1;
    if (byte < (second ? lead.least : 0x80) || byte > (second ? lead.most : 0xBF)) {
      break;
    }
  }
  return n;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const Lead lead = lead_of(static_cast<unsigned char>(text.front()));
  return lead.length > 0 && well_begun(text, lead) == lead.length ? lead.length : 0;
}

std::string as_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Lead lead = lead_of(static_cast<unsigned char>(text.front()));
    const std::size_t taken = well_begun(text, lead);
    if (lead.length > 0 && taken == lead.length) {
      out += text.substr(0, taken);
    } else {
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(taken);
  }
  return out;
}

}  // namespace twostep
