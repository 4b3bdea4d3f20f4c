// Events as the bytes of a snapshot: the three kinds of which a long search has by the hundred
// thousand in a compact form, every other kind as its journal line. What the compact form cannot
// say exactly as the journal does is kept as its line too, so a field or a kind that is new can
// cost space, but cannot be forgotten.
#pragma once

#include <string_view>

#include "twostep/base/bytes.hpp"
#include "twostep/control/journal.hpp"

namespace twostep {

// `line` is the event's journal line, with its newline.
void write_compact(ByteWriter& out, const NumberedEvent& event, std::string_view line);
// Throws Error for bytes that are none.
[[nodiscard]] NumberedEvent read_compact(ByteReader& in, std::uint64_t seq);
// Whether the event has a compact form that reads back as its line.
[[nodiscard]] bool has_compact_form(const NumberedEvent& event, std::string_view line);

}  // namespace twostep
