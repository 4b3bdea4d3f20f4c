#include "twostep/data/row_split.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

constexpr std::uint64_t stream_rows = 1U
                                      << 16;  // rows of the split variable that are held at a time

// Whole-numbered parts of n in the given proportions: none empty if n >= 3, sum exactly n.
std::array<std::uint64_t, 3> divide(std::uint64_t n, const SplitSpec& split) {
  const auto part = [&](double fraction) {
    return static_cast<std::uint64_t>(std::llround(fraction * static_cast<double>(n)));
  };
  std::uint64_t validation = std::max<std::uint64_t>(part(split.validation), 1);
  std::uint64_t test = std::max<std::uint64_t>(part(split.test), 1);
  if (n < 3) {
    return {n, 0, 0};
  }
  validation = std::min(validation, n - 2);
  test = std::min(test, n - validation - 1);
  return {n - validation - test, validation, test};
}

std::size_t index_of(Split split) {
  return static_cast<std::size_t>(split);
}

std::uint64_t before(const std::array<std::uint64_t, 3>& sizes, Split split) {
  return std::accumulate(sizes.begin(), sizes.begin() + static_cast<long>(index_of(split)),
                         std::uint64_t{0});
}

std::uint8_t split_at(const std::array<std::uint64_t, 3>& sizes, std::uint64_t position) {
  return position < sizes[0] ? 0 : position < sizes[0] + sizes[1] ? 1 : 2;
}

}  // namespace

void read_global_range(Shards& shards, const DataPlan& plan, std::size_t variable,
                       std::uint64_t begin, std::uint64_t count, std::span<double> out) {
  const std::uint64_t columns = shards.variables().at(variable).columns;
  TWOSTEP_REQUIRE(out.size() == count * columns && begin + count <= plan.rows);
  auto at = static_cast<std::size_t>(
      std::upper_bound(plan.shard_begin.begin(), plan.shard_begin.end(), begin) -
      plan.shard_begin.begin() - 1);
  while (count > 0) {
    const std::uint64_t local = begin - plan.shard_begin[at];
    const std::uint64_t here = std::min(count, plan.shard_begin[at + 1] - begin);
    if (here > 0) {
      shards.read_range(variable, at, local, here, out.first(here * columns));
    }
    out = out.subspan(here * columns);
    begin += here;
    count -= here;
    ++at;
  }
}

std::string place_of(const Shards& shards, const DataPlan& plan, std::size_t variable,
                     std::uint64_t row, std::size_t column) {
  const auto shard = static_cast<std::size_t>(
      std::upper_bound(plan.shard_begin.begin(), plan.shard_begin.end(), row) -
      plan.shard_begin.begin() - 1);
  const VariableInfo& info = shards.variables().at(variable);
  const ShardInfo& file = shards.shards().at(shard);
  std::uint64_t rest = row - plan.shard_begin[shard];
  std::string out = file.dimensions.empty() ? std::to_string(rest) : "";
  for (std::size_t d = file.dimensions.size(); d-- > 0;) {
    const RowDimension& dimension = file.dimensions[d];
    out.insert(0,
               (d > 0 ? "," : "") + dimension.name + "=" + std::to_string(rest % dimension.size));
    rest /= dimension.size;
  }
  if (!info.labels.empty()) {
    out += "," + info.labels.at(column);
  } else if (info.columns > 1) {
    out += "," + std::to_string(column);
  }
  return file.path + ":" + info.name + "[" + out + "]";
}

RowSplit::RowSplit(const StudySpec& spec, const DataPlan& plan) : spec_(spec), plan_(plan) {
  const SplitSpec& split = spec.data.split;
  if (plan.rows == 0) {
    return;
  }
  if (split.kind == SplitKind::fraction) {
    rows_.emplace(plan.rows, Rng(spec.seed, Purpose::split));
    train_validation_test_ = divide(plan.rows, split);
  } else if (split.kind == SplitKind::blocks) {
    blocks_.emplace(block_count(), Rng(spec.seed, Purpose::split, 1));
    train_validation_test_ = divide(block_count(), split);
  } else if (split.kind == SplitKind::files) {
    train_validation_test_ = plan.file_rows;
  }
}

std::uint64_t RowSplit::block_count() const {
  const std::uint64_t b = spec_.data.split.block_rows;
  return (plan_.rows + b - 1) / b;
}

std::uint8_t RowSplit::split_of(std::uint64_t row) const {
  if (rows_) {
    return split_at(train_validation_test_, rows_->position_of(row));
  }
  if (blocks_) {
    return split_at(train_validation_test_,
                    blocks_->position_of(row / spec_.data.split.block_rows));
  }
  return split_at(train_validation_test_, row);
}

void RowSplit::classify(Shards& shards, std::uint64_t begin, std::span<std::uint8_t> out) const {
  if (spec_.data.split.kind != SplitKind::variable) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = split_of(begin + i);
    }
    return;
  }
  const std::size_t variable =
      spec_.data.inputs.size() + spec_.data.targets.size() + (spec_.data.weights.empty() ? 0 : 1);
  std::vector<double> values(out.size());
  read_global_range(shards, plan_, variable, begin, out.size(), values);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (values[i] != 0 && values[i] != 1 && values[i] != 2) {
      throw Error(ErrorKind::data, Problem{place_of(shards, plan_, variable, begin + i, 0),
                                           "the split variable holds " + to_text(Value(values[i])),
                                           "it may hold 0 (train), 1 (validation) and 2 (test)",
                                           "recode it, or use fractions in data.split"});
    }
    out[i] = static_cast<std::uint8_t>(values[i]);
  }
}

std::array<std::uint64_t, 3> RowSplit::count(Shards& shards) const {
  std::array<std::uint64_t, 3> counts{};
  if (rows_ || spec_.data.split.kind == SplitKind::files) {
    return train_validation_test_;
  }
  if (blocks_) {
    const std::uint64_t b = spec_.data.split.block_rows;
    for (std::size_t i = 0; i < 3; ++i) {
      counts[i] = train_validation_test_[i] * b;
    }
    const std::uint64_t missing = block_count() * b - plan_.rows;  // of the last, shorter block
    counts[split_at(train_validation_test_, blocks_->position_of(block_count() - 1))] -= missing;
    return counts;
  }
  std::vector<std::uint8_t> splits;
  for (std::uint64_t begin = 0; begin < plan_.rows; begin += stream_rows) {
    splits.resize(std::min(stream_rows, plan_.rows - begin));
    classify(shards, begin, splits);
    for (const std::uint8_t s : splits) {
      ++counts[s];
    }
  }
  return counts;
}

// The rows of a split's blocks, counted in the order of the blocks' positions.
std::uint64_t RowSplit::row_in_blocks(Split split, std::uint64_t ordinal) const {
  const std::uint64_t b = spec_.data.split.block_rows;
  const std::uint64_t first = before(train_validation_test_, split);
  const std::uint64_t short_position = blocks_->position_of(block_count() - 1);
  const std::uint64_t missing = block_count() * b - plan_.rows;
  if (short_position >= first && ordinal >= (short_position - first + 1) * b - missing) {
    ordinal += missing;
  }
  return blocks_->at(first + ordinal / b) * b + ordinal % b;
}

std::vector<std::uint64_t> RowSplit::select(Shards& shards, Split split, std::uint64_t first,
                                            std::uint64_t count) const {
  const std::uint64_t available = plan_.split_rows[index_of(split)];
  count = first >= available ? 0 : std::min(count, available - first);
  if (count == 0) {
    return {};
  }
  if (spec_.search.subset.sampling == Sampling::blocks) {
    return select_blocks(shards, split, first, count);
  }
  if (spec_.data.split.kind == SplitKind::variable) {
    return select_by_variable(shards, split, first, count);
  }
  std::vector<std::uint64_t> out(count);
  if (rows_) {
    for (std::uint64_t i = 0; i < count; ++i) {
      out[i] = rows_->at(before(train_validation_test_, split) + first + i);
    }
    return out;
  }
  const Permutation within(available, Rng(spec_.seed, Purpose::subset, index_of(split)));
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t ordinal = within.at(first + i);
    out[i] =
        blocks_ ? row_in_blocks(split, ordinal) : before(train_validation_test_, split) + ordinal;
  }
  return out;
}

std::vector<std::uint64_t> RowSplit::select_blocks(Shards& shards, Split split, std::uint64_t first,
                                                   std::uint64_t count) const {
  const std::uint64_t b = spec_.search.subset.block_rows;
  const std::uint64_t blocks = (plan_.rows + b - 1) / b;
  const Permutation order(blocks, Rng(spec_.seed, Purpose::subset, 8 + index_of(split)));
  std::vector<std::uint64_t> out;
  std::vector<std::uint8_t> splits;
  std::uint64_t seen = 0;
  for (std::uint64_t i = 0; i < blocks && out.size() < count; ++i) {
    const std::uint64_t begin = order.at(i) * b;
    splits.resize(std::min(b, plan_.rows - begin));
    classify(shards, begin, splits);
    for (std::size_t j = 0; j < splits.size() && out.size() < count; ++j) {
      if (splits[j] == index_of(split) && seen++ >= first) {
        out.push_back(begin + j);
      }
    }
  }
  return out;
}

std::vector<std::uint64_t> RowSplit::select_by_variable(Shards& shards, Split split,
                                                        std::uint64_t first,
                                                        std::uint64_t count) const {
  const Permutation within(plan_.split_rows[index_of(split)],
                           Rng(spec_.seed, Purpose::subset, index_of(split)));
  std::vector<std::pair<std::uint64_t, std::uint64_t>> wanted(
      count);  // ordinal within the split, selection position
  for (std::uint64_t i = 0; i < count; ++i) {
    wanted[i] = {within.at(first + i), i};
  }
  std::sort(wanted.begin(), wanted.end());
  std::vector<std::uint64_t> out(count);
  std::vector<std::uint8_t> splits;
  std::uint64_t ordinal = 0;
  auto next = wanted.begin();
  for (std::uint64_t begin = 0; begin < plan_.rows && next != wanted.end(); begin += stream_rows) {
    splits.resize(std::min(stream_rows, plan_.rows - begin));
    classify(shards, begin, splits);
    for (std::size_t j = 0; j < splits.size() && next != wanted.end(); ++j) {
      if (splits[j] != index_of(split)) {
        continue;
      }
      if (next->first == ordinal) {
        out[next->second] = begin + j;
        ++next;
      }
      ++ordinal;
    }
  }
  TWOSTEP_ENSURE(next == wanted.end());
  return out;
}

}  // namespace twostep
