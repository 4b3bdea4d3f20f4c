// How a retraining reads its rows: all of them mapped into memory and shuffled together, or
// streamed in blocks of neighbouring rows that are shuffled within a window. A function of the
// study file and the data alone, so that the order of rows is the same on every machine and in
// every team.
#pragma once

#include <cstdint>
#include <string>

#include "twostep/study/spec.hpp"

namespace twostep {

struct ReadingPlan {
  bool streamed = false;
  std::uint64_t rows = 0;                           // of the training split
  std::uint64_t block_rows = 0;                     // neighbours that are read together
  std::uint64_t window_blocks = 0;                  // blocks that are shuffled together
  [[nodiscard]] std::uint64_t window_rows() const;  // at most rows
  [[nodiscard]] std::string text() const;  // "12345 rows streamed in windows of 1000 (...)"
  friend bool operator==(const ReadingPlan&, const ReadingPlan&) = default;
};

// columns: inputs and targets together, stored as float32.
[[nodiscard]] ReadingPlan plan_reading(const RetrainingSpec& spec, std::uint64_t rows,
                                       std::uint64_t columns);

}  // namespace twostep
