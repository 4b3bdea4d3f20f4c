// Which rows form which batch. The order of an epoch is a function of (seed, stream, epoch) and of
// the reading plan alone, so a team of any size walks through the same global batches, and a
// resumed training goes on with the very batch that would have come.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "twostep/base/rng.hpp"
#include "twostep/base/row_range.hpp"
#include "twostep/study/reading_plan.hpp"

namespace twostep {

// A random order of 0 .. n - 1. Up to 2^22 a table is shuffled (Fisher and Yates); beyond, a keyed
// permutation needs no table.
class Shuffle {
 public:
  void begin(std::uint64_t n, const Rng& rng);
  [[nodiscard]] std::uint64_t at(std::uint64_t position) const {
    return permutation_ ? permutation_->at(position) : table_[position];
  }

 private:
  std::vector<std::uint32_t> table_;
  std::optional<Permutation> permutation_;
};

// All rows shuffled together; or those of a random part of them, which holds every smaller part
// that is drawn with the same seed and stream.
class EpochOrder {
 public:
  // 1 <= rows <= of
  EpochOrder(std::uint64_t seed, std::uint64_t stream, std::uint64_t rows, std::uint64_t of);
  EpochOrder(std::uint64_t seed, std::uint64_t stream, std::uint64_t rows)
      : EpochOrder(seed, stream, rows, rows) {}
  void begin(std::uint64_t epoch);
  [[nodiscard]] std::uint64_t row(std::uint64_t position) const {
    const std::uint64_t at = shuffle_.at(position);
    return part_ ? part_->at(at) : at;
  }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t rows_;
  Shuffle shuffle_;
  std::optional<Shuffle> part_;  // of all rows; its head is the part
};

// Rows shuffled within windows: the blocks of the data are shuffled, and the rows of so many blocks
// in turn. With one window that holds all blocks the order is that of EpochOrder.
class WindowOrder {
 public:
  WindowOrder(std::uint64_t seed, std::uint64_t stream, const ReadingPlan& plan);
  void begin(std::uint64_t epoch);
  [[nodiscard]] std::uint64_t windows() const;
  // The positions in the epoch that a window fills.
  [[nodiscard]] RowRange positions(std::uint64_t window) const;

  // Of the window opened last:
  void open(std::uint64_t window);
  [[nodiscard]] const std::vector<RowRange>& blocks() const { return blocks_; }
  struct Place {
    std::size_t block;  // index into blocks()
    std::uint64_t row;  // of the data
  };
  [[nodiscard]] Place place(std::uint64_t position) const;  // position of the epoch

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  ReadingPlan plan_;
  std::uint64_t block_count_;
  std::uint64_t epoch_ = 0;
  std::optional<Permutation> block_order_;  // none with a single window
  std::uint64_t short_slot_ = 0;            // where the last, shorter block of the data stands
  std::uint64_t missing_ = 0;               // rows that it lacks
  std::vector<RowRange> blocks_;
  std::vector<std::uint64_t> starts_;  // of the blocks within the window
  std::uint64_t first_ = 0;            // position of the window
  Shuffle shuffle_;
};

// How the members of a team share each batch: contiguous parts, of equal size but for one row; or,
// where the sum must not depend on the team, whole micro-batches.
class BatchShares {
 public:
  // micro_batches 0: none.
  BatchShares(std::uint64_t rows, std::uint64_t batch_rows, int members,
              std::uint32_t micro_batches);
  [[nodiscard]] std::uint64_t batches() const { return (rows_ + batch_rows_ - 1) / batch_rows_; }
  [[nodiscard]] RowRange batch(std::uint64_t number) const;  // of an epoch
  [[nodiscard]] std::uint64_t batch_of(std::uint64_t position) const {
    return position / batch_rows_;
  }
  [[nodiscard]] RowRange of(RowRange batch, int member) const;
  [[nodiscard]] std::uint32_t micro_batches() const { return micro_batches_; }
  [[nodiscard]] RowRange micro_batch(RowRange batch, std::uint32_t number) const;
  [[nodiscard]] RowRange micro_batches_of(int member) const;  // their numbers

 private:
  std::uint64_t rows_;
  std::uint64_t batch_rows_;
  int members_;
  std::uint32_t micro_batches_;
};

}  // namespace twostep
