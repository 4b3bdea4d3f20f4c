// Mean, spread and range of a column, mergeable: rows are summed up in fixed blocks and the blocks
// merged in their order, so the result has the same bits however many ranks shared the work
// (Welford 1962; Chan, Golub, LeVeque 1979).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "twostep/ports/pack.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

inline constexpr std::uint64_t stats_block_rows = 4096;

struct ColumnStats {
  double count = 0;
  double mean = 0;
  double m2 = 0;  // sum of squared deviations
  double min = 0;
  double max = 0;
  void add(double value);
  void merge(const ColumnStats& other);
  [[nodiscard]] double deviation() const;  // population standard deviation
  // Whether the column does not vary, but for rounding.
  [[nodiscard]] bool constant() const;
};

// Offset and scale of each column; a constant column gets scale 1.
[[nodiscard]] ColumnEncoding encoding_for(Normalisation kind, std::span<const ColumnStats> columns);

}  // namespace twostep
