#include "train/ordered_sums.hpp"

#include <algorithm>

namespace twostep {
namespace {

constexpr std::uint64_t whole_batch = 1024;
constexpr std::uint64_t smallest = 128;
constexpr std::uint64_t fewest = 64;
constexpr std::uint64_t most = 4096;

std::uint64_t rounded_up(std::uint64_t n, std::uint64_t to) {
  return (n + to - 1) / to * to;
}

}  // namespace

std::uint64_t OrderedSums::block_rows(std::uint64_t rows) {
  if (rows > most * whole_batch) {
    return rounded_up((rows + most - 1) / most, whole_batch);
  }
  return std::clamp(rounded_up(rows / fewest, smallest), smallest, whole_batch);
}

RowRange OrderedSums::share(std::uint64_t rows, const Group& group) {
  const std::uint64_t block = block_rows(rows);
  const RowRange blocks = share_of({0, (rows + block - 1) / block}, group.rank(), group.size());
  return {std::min(rows, blocks.begin * block), std::min(rows, blocks.end * block)};
}

void OrderedSums::finish(Group& group, std::vector<double>& out) {
  group.sum(std::span(table_));  // each cell is one member's: the others add zeros
  out.assign(values_, 0.0);
  for (std::size_t i = 0; i < table_.size(); ++i) {
    out[i % values_] += table_[i];
  }
}

std::vector<double> OrderedSums::finish(Group& group) {
  std::vector<double> out;
  finish(group, out);
  return out;
}

}  // namespace twostep
