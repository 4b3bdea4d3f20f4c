// Which split each row belongs to, and which rows form the subset. Rows are ranked by a keyed
// bijection (base/rng.hpp): the first n_train positions are training rows, then validation, then
// test; exact sizes, no table, and the subset of n rows contains that of n / 2.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "twostep/base/rng.hpp"
#include "twostep/data/data_plan.hpp"

namespace twostep {

class RowSplit {
 public:
  // plan.split_rows need not be set yet for classify by variable.
  RowSplit(const StudySpec& spec, const DataPlan& plan);

  // The split (0, 1, 2) of the global rows [begin, begin + out.size()).
  void classify(Shards& shards, std::uint64_t begin, std::span<std::uint8_t> out) const;
  // Rows per split. Reads the split variable through if there is one.
  [[nodiscard]] std::array<std::uint64_t, 3> count(Shards& shards) const;
  // The global rows at selection positions [first, first + count) of a split, in position order;
  // fewer at the end. Requires plan.split_rows.
  [[nodiscard]] std::vector<std::uint64_t> select(Shards& shards, Split split, std::uint64_t first,
                                                  std::uint64_t count) const;

 private:
  const StudySpec& spec_;
  const DataPlan& plan_;
  std::optional<Permutation> rows_;                       // fraction
  std::optional<Permutation> blocks_;                     // blocks
  std::array<std::uint64_t, 3> train_validation_test_{};  // rows or blocks per split

  [[nodiscard]] std::uint64_t block_count() const;
  [[nodiscard]] std::uint8_t split_of(std::uint64_t row) const;
  [[nodiscard]] std::uint64_t row_in_blocks(Split split, std::uint64_t ordinal) const;
  [[nodiscard]] std::vector<std::uint64_t> select_blocks(Shards& shards, Split split,
                                                         std::uint64_t first,
                                                         std::uint64_t count) const;
  [[nodiscard]] std::vector<std::uint64_t> select_by_variable(Shards& shards, Split split,
                                                              std::uint64_t first,
                                                              std::uint64_t count) const;
};

// Reads global rows [begin, begin + count) of a variable, over shard boundaries; out: [count,
// columns].
void read_global_range(Shards& shards, const DataPlan& plan, std::size_t variable,
                       std::uint64_t begin, std::uint64_t count, std::span<double> out);
// "file.h5:tair[12]" for a global row of a variable's column.
[[nodiscard]] std::string place_of(const Shards& shards, const DataPlan& plan, std::size_t variable,
                                   std::uint64_t row, std::size_t column);

}  // namespace twostep
