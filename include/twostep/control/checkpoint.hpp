// The file in which a worker keeps a long training, so that a killed run repeats at most one
// interval of it. It names the assignment that it belongs to and is checksummed: what is not whole,
// or of another assignment, is no checkpoint.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "twostep/base/bytes.hpp"
#include "twostep/study/assignment.hpp"

namespace twostep {

inline constexpr const char* checkpoint_folder = "checkpoints";
// A training that is stopped is saved if it has gone on for this share of the interval.
inline constexpr double worth_saving = 0.1;

// A training that pauses is saved if repeating it would take longer than this; a shorter one is
// kept in memory alone.
inline constexpr double worth_saving_paused = 0.5;  // seconds

// "checkpoints/trial-17.bin"; the same for every attempt.
[[nodiscard]] std::string checkpoint_path(AssignmentKind kind, TrialId trial);
[[nodiscard]] std::string encode_checkpoint(const Assignment& assignment,
                                            std::span<const std::byte> state);
[[nodiscard]] std::optional<Bytes> decode_checkpoint(const Assignment& assignment,
                                                     std::string_view file);

}  // namespace twostep
