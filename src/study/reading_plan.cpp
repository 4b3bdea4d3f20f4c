#include "twostep/study/reading_plan.hpp"

#include <algorithm>

#include "twostep/base/check.hpp"

namespace twostep {
namespace {

constexpr double mebibyte = 1 << 20;
constexpr double largest_block = 1 << 20;    // bytes: long enough for any file system
constexpr std::uint64_t fewest_blocks = 64;  // of a window, so that it mixes distant rows
constexpr double largest_window = 4e9;       // rows: they are numbered by 32 bits

}  // namespace

std::uint64_t ReadingPlan::window_rows() const {
  return std::min(rows, block_rows * window_blocks);
}

std::string ReadingPlan::text() const {
  if (!streamed) {
    return std::to_string(rows) + " rows mapped into memory, shuffled together";
  }
  std::string out =
      std::to_string(rows) + " rows streamed in blocks of " + std::to_string(block_rows) + ", ";
  return out + (window_rows() < rows ? "shuffled in windows of " + std::to_string(window_rows())
                                     : "shuffled together");
}

ReadingPlan plan_reading(const RetrainingSpec& spec, std::uint64_t rows, std::uint64_t columns) {
  TWOSTEP_REQUIRE(columns > 0);
  const double row_bytes = static_cast<double>(columns * sizeof(float));
  const double fitting = std::clamp(spec.memory * mebibyte / row_bytes, 1.0, largest_window);
  ReadingPlan plan;
  plan.rows = rows;
  plan.streamed = spec.reading == Reading::streamed ||
                  (spec.reading == Reading::automatic && static_cast<double>(rows) > fitting);
  if (!plan.streamed) {
    return plan;
  }
  const auto window = std::min<std::uint64_t>(static_cast<std::uint64_t>(fitting),
                                              std::max<std::uint64_t>(rows, 1));
  const auto longest = static_cast<std::uint64_t>(std::max(1.0, largest_block / row_bytes));
  plan.block_rows = std::clamp<std::uint64_t>(window / fewest_blocks, 1, longest);
  const std::uint64_t needed = (rows + plan.block_rows - 1) / plan.block_rows;
  const bool all = fitting >= static_cast<double>(rows);
  plan.window_blocks = all ? std::max<std::uint64_t>(needed, 1) : window / plan.block_rows;
  return plan;
}

}  // namespace twostep
