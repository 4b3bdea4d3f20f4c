// A range of rows, and how a team divides it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "twostep/base/check.hpp"

namespace twostep {

struct RowRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  [[nodiscard]] std::uint64_t size() const { return end - begin; }
};

// The part of `whole` that member `rank` of `size` takes: contiguous, sizes differing by one at
// most.
[[nodiscard]] inline RowRange share_of(RowRange whole, int rank, int size) {
  TWOSTEP_REQUIRE(size >= 1 && rank >= 0 && rank < size);
  const auto k = static_cast<std::uint64_t>(size);
  const auto r = static_cast<std::uint64_t>(rank);
  const std::uint64_t base = whole.size() / k;
  const std::uint64_t extra = whole.size() % k;
  const std::uint64_t begin = whole.begin + r * base + std::min(r, extra);
  return {begin, begin + base + (r < extra ? 1 : 0)};
}

}  // namespace twostep
