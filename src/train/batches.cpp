#include "twostep/train/batches.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "twostep/base/check.hpp"

namespace twostep {
namespace {
constexpr std::uint64_t largest_table = std::uint64_t{1} << 22;
}

EpochOrder::EpochOrder(std::uint64_t seed, std::uint64_t stream, std::uint64_t rows)
    : seed_(seed), stream_(stream), rows_(rows) {
  TWOSTEP_REQUIRE(rows >= 1);
}

void EpochOrder::begin(std::uint64_t epoch) {
  const Rng rng(seed_, Purpose::shuffle, stream_, epoch);
  if (rows_ > largest_table) {
    permutation_ = std::make_unique<Permutation>(rows_, rng);
    return;
  }
  table_.resize(rows_);
  std::iota(table_.begin(), table_.end(), 0U);
  // rng.below(i + 1, i) for each i from the last down, its words drawn in blocks.
  std::array<std::uint64_t, 256> words;
  for (std::uint64_t end = rows_; end > 1;) {
    const std::uint64_t begin = end > words.size() ? end - words.size() : 0;
    rng.bits(begin, std::span(words).first(end - begin));
    for (std::uint64_t i = end; i-- > std::max<std::uint64_t>(begin, 1);) {
      std::swap(table_[i], table_[Rng::scale(words[i - begin], i + 1)]);
    }
    end = begin;
  }
}

}  // namespace twostep
