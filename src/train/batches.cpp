#include "twostep/train/batches.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "twostep/base/check.hpp"

namespace twostep {
namespace {

constexpr std::uint64_t largest_table = std::uint64_t{1} << 22;
// The streams of later windows, and of the order of blocks, lie apart from those of epochs.
constexpr std::uint32_t window_shift = 16;
constexpr std::uint64_t part_stream = std::uint64_t{1} << 62;
constexpr std::uint64_t block_stream = std::uint64_t{1} << 63;

}  // namespace

void Shuffle::begin(std::uint64_t n, const Rng& rng) {
  if (n > largest_table) {
    permutation_.emplace(n, rng);
    return;
  }
  permutation_.reset();
  table_.resize(n);
  std::iota(table_.begin(), table_.end(), 0U);
  // rng.below(i + 1, i) for each i from the last down, its words drawn in blocks.
  std::array<std::uint64_t, 256> words;
  for (std::uint64_t end = n; end > 1;) {
    const std::uint64_t begin = end > words.size() ? end - words.size() : 0;
    rng.bits(begin, std::span(words).first(end - begin));
    for (std::uint64_t i = end; i-- > std::max<std::uint64_t>(begin, 1);) {
      std::swap(table_[i], table_[Rng::scale(words[i - begin], i + 1)]);
    }
    end = begin;
  }
}

EpochOrder::EpochOrder(std::uint64_t seed, std::uint64_t stream, std::uint64_t rows,
                       std::uint64_t of)
    : seed_(seed), stream_(stream), rows_(rows) {
  TWOSTEP_REQUIRE(rows >= 1 && rows <= of);
  if (rows < of) {
    part_.emplace().begin(of, Rng(seed, Purpose::shuffle, stream | part_stream));
  }
}

void EpochOrder::begin(std::uint64_t epoch) {
  shuffle_.begin(rows_, Rng(seed_, Purpose::shuffle, stream_, epoch));
}

WindowOrder::WindowOrder(std::uint64_t seed, std::uint64_t stream, const ReadingPlan& plan)
    : seed_(seed),
      stream_(stream),
      plan_(plan),
      block_count_((plan.rows + plan.block_rows - 1) / plan.block_rows) {
  TWOSTEP_REQUIRE(plan.rows >= 1 && plan.block_rows >= 1 && plan.window_blocks >= 1);
  missing_ = block_count_ * plan.block_rows - plan.rows;
  begin(0);
}

void WindowOrder::begin(std::uint64_t epoch) {
  epoch_ = epoch;
  block_order_.reset();
  short_slot_ = block_count_ - 1;
  if (windows() > 1) {
    block_order_.emplace(block_count_, Rng(seed_, Purpose::shuffle, stream_ | block_stream, epoch));
    short_slot_ = block_order_->position_of(block_count_ - 1);
  }
}

std::uint64_t WindowOrder::windows() const {
  return (block_count_ + plan_.window_blocks - 1) / plan_.window_blocks;
}

RowRange WindowOrder::positions(std::uint64_t window) const {
  const auto position = [&](std::uint64_t slot) {
    const std::uint64_t before = std::min(slot, block_count_);
    return before * plan_.block_rows - (short_slot_ < before ? missing_ : 0);
  };
  return {position(window * plan_.window_blocks), position((window + 1) * plan_.window_blocks)};
}

void WindowOrder::open(std::uint64_t window) {
  TWOSTEP_REQUIRE(window < windows());
  const RowRange range = positions(window);
  first_ = range.begin;
  blocks_.clear();
  starts_.clear();
  std::uint64_t start = 0;
  const std::uint64_t end = std::min(block_count_, (window + 1) * plan_.window_blocks);
  for (std::uint64_t slot = window * plan_.window_blocks; slot < end; ++slot) {
    const std::uint64_t block = block_order_ ? block_order_->at(slot) : slot;
    const std::uint64_t begin = block * plan_.block_rows;
    blocks_.push_back({begin, std::min(plan_.rows, begin + plan_.block_rows)});
    starts_.push_back(start);
    start += blocks_.back().size();
  }
  shuffle_.begin(range.size(),
                 Rng(seed_, Purpose::shuffle, stream_ | (window << window_shift), epoch_));
}

WindowOrder::Place WindowOrder::place(std::uint64_t position) const {
  const std::uint64_t within = shuffle_.at(position - first_);
  // All blocks but one are of one length, so the guess is right or one too low.
  std::size_t block = within / plan_.block_rows;
  if (block + 1 < starts_.size() && starts_[block + 1] <= within) {
    ++block;
  }
  return {block, blocks_[block].begin + (within - starts_[block])};
}

BatchShares::BatchShares(std::uint64_t rows, std::uint64_t batch_rows, int members,
                         std::uint32_t micro_batches)
    : rows_(rows), batch_rows_(batch_rows), members_(members), micro_batches_(micro_batches) {
  TWOSTEP_REQUIRE(rows >= 1 && batch_rows >= 1 && members >= 1);
}

RowRange BatchShares::batch(std::uint64_t number) const {
  return {number * batch_rows_, std::min((number + 1) * batch_rows_, rows_)};
}

RowRange BatchShares::of(RowRange batch, int member) const {
  if (micro_batches_ == 0) {
    return share_of(batch, member, members_);
  }
  const RowRange numbers = micro_batches_of(member);
  if (numbers.size() == 0) {
    return {batch.begin, batch.begin};
  }
  return {micro_batch(batch, static_cast<std::uint32_t>(numbers.begin)).begin,
          micro_batch(batch, static_cast<std::uint32_t>(numbers.end - 1)).end};
}

RowRange BatchShares::micro_batch(RowRange batch, std::uint32_t number) const {
  return share_of(batch, static_cast<int>(number), static_cast<int>(micro_batches_));
}

RowRange BatchShares::micro_batches_of(int member) const {
  return share_of({0, micro_batches_}, member, members_);
}

}  // namespace twostep
