// Sums over the rows of a split with the same bits in every team: rows are cut into fixed blocks, a
// block is summed by one member, and the blocks are added up in their order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "twostep/base/row_range.hpp"
#include "twostep/ports/group.hpp"

namespace twostep {

class OrderedSums {
 public:
  OrderedSums(std::uint64_t rows, std::size_t values)
      : block_(block_rows(rows)), values_(values), table_((rows + block_ - 1) / block_ * values) {}

  // At most a batch of 1024 rows, or a multiple of it; some 64 blocks or more where there are rows
  // enough, and never more than a few thousand.
  [[nodiscard]] static std::uint64_t block_rows(std::uint64_t rows);
  // Whole blocks.
  [[nodiscard]] static RowRange share(std::uint64_t rows, const Group& group);

  // The sums of the block that holds these rows.
  [[nodiscard]] std::span<double> of(RowRange range) {
    return std::span(table_).subspan(range.begin / block_ * values_, values_);
  }
  // Collective. Into `out`, whose room is used again.
  void finish(Group& group, std::vector<double>& out);
  [[nodiscard]] std::vector<double> finish(Group& group);
  void reset() { std::fill(table_.begin(), table_.end(), 0.0); }

 private:
  std::uint64_t block_;
  std::size_t values_;
  std::vector<double> table_;
};

}  // namespace twostep
