// Which rows form which batch. The order of an epoch is a function of (seed, stream, epoch) alone,
// so a team of any size walks through the same global batches, and a resumed training goes on with
// the very batch that would have come.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "twostep/base/rng.hpp"

namespace twostep {

class EpochOrder {
 public:
  // rows >= 1. Up to 2^22 rows a table is shuffled (Fisher and Yates); beyond, a keyed permutation
  // needs no table.
  EpochOrder(std::uint64_t seed, std::uint64_t stream, std::uint64_t rows);
  void begin(std::uint64_t epoch);
  [[nodiscard]] std::uint64_t row(std::uint64_t position) const {
    return permutation_ ? permutation_->at(position) : table_[position];
  }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t rows_;
  std::vector<std::uint32_t> table_;
  std::unique_ptr<Permutation> permutation_;
};

}  // namespace twostep
