#include "train/training_data.hpp"

#include <algorithm>
#include <array>

#include "twostep/data/column_stats.hpp"

namespace twostep {
namespace {

constexpr std::size_t stats_fields = 5;
constexpr std::uint64_t rows_ahead = 8;  // whose fetching from memory is begun

// Statistics of the training rows in transformed units. Blocks are dealt out to the members and
// merged in their order, so the result does not depend on the size of the team.
std::vector<ColumnStats> training_stats(std::span<const float> stored,
                                        const ColumnEncoding& encoding, Group& group) {
  const std::size_t columns = encoding.offset.size();
  const std::uint64_t rows = stored.size() / columns;
  const std::uint64_t blocks = (rows + stats_block_rows - 1) / stats_block_rows;
  std::vector<double> table(blocks * columns * stats_fields, 0.0);
  for (std::uint64_t b = static_cast<std::uint64_t>(group.rank()); b < blocks;
       b += static_cast<std::uint64_t>(group.size())) {
    std::vector<ColumnStats> part(columns);
    const std::uint64_t end = std::min(rows, (b + 1) * stats_block_rows);
    for (std::uint64_t i = b * stats_block_rows; i < end; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        part[j].add(encoding.offset[j] +
                    encoding.scale[j] * static_cast<double>(stored[i * columns + j]));
      }
    }
    double* cell = &table[b * columns * stats_fields];
    for (const ColumnStats& c : part) {
      for (const double v : {c.count, c.mean, c.m2, c.min, c.max}) {
        *cell++ = v;
      }
    }
  }
  group.sum(table);
  std::vector<ColumnStats> out(columns);
  const double* cell = table.data();
  for (std::uint64_t b = 0; b < blocks; ++b) {
    for (std::size_t j = 0; j < columns; ++j, cell += stats_fields) {
      out[j].merge({cell[0], cell[1], cell[2], cell[3], cell[4]});
    }
  }
  return out;
}

}  // namespace

void TrainingData::Side::set(const ColumnEncoding& stored, const ColumnEncoding& wanted) {
  width = stored.offset.size();
  encoding = wanted;
  as_stored = stored == wanted;
  for (std::size_t j = 0; j < width; ++j) {
    factor.push_back(static_cast<float>(stored.scale[j] / wanted.scale[j]));
    shift.push_back(static_cast<float>((stored.offset[j] - wanted.offset[j]) / wanted.scale[j]));
  }
}

void TrainingData::Side::copy(const float* from, float* to) const {
  if (as_stored) {
    if (width == 1) {
      *to = *from;
    } else {
      std::copy_n(from, width, to);
    }
    return;
  }
  for (std::size_t j = 0; j < width; ++j) {
    to[j] = factor[j] * from[j] + shift[j];
  }
}

std::span<const float> TrainingData::Side::view(std::span<const float> stored) const {
  if (as_stored) {
    return stored;
  }
  buffer.resize(stored.size());
  for (std::size_t i = 0; i < stored.size(); i += width) {
    copy(&stored[i], &buffer[i]);
  }
  return buffer;
}

TrainingData::TrainingData(std::shared_ptr<const Pack> pack, const DataSpec& spec, bool renormalise,
                           Group& group)
    : pack_(std::move(pack)) {
  const PackHeader& header = pack_->header();
  weighted_ = !header.weights.empty();
  for (const Split split : all_splits) {
    weights_[static_cast<std::size_t>(split)] = pack_->weights(split);
  }
  if (!renormalise) {
    input_.set(header.inputs, header.inputs);
    target_.set(header.targets, header.targets);
    return;
  }
  const auto inputs = training_stats(pack_->inputs(Split::train), header.inputs, group);
  const auto targets = training_stats(pack_->targets(Split::train), header.targets, group);
  input_.set(header.inputs, encoding_for(spec.normalise_inputs, inputs));
  target_.set(header.targets, encoding_for(spec.normalise_targets, targets));
  if (weighted_) {
    weight_factor_ = 1 / training_stats(pack_->weights(Split::train), {{0}, {1}}, group)[0].mean;
  }
}

void TrainingData::gather_weights(const EpochOrder& order, RowRange range, float* w) const {
  for (std::uint64_t p = range.begin; p < range.end; ++p) {
    *w++ = static_cast<float>(weight(Split::train, order.row(p)));
  }
}

void TrainingData::gather(const EpochOrder& order, RowRange range, float* x, float* y) const {
  const float* inputs = pack_->inputs(Split::train).data();
  const float* targets = pack_->targets(Split::train).data();
  // Shuffled rows are seldom in the cache, and no processor guesses which comes next.
  std::array<std::uint64_t, rows_ahead> ahead{};
  const std::uint64_t n = range.size();
  for (std::uint64_t i = 0; i < n + rows_ahead; ++i) {
    std::uint64_t& slot = ahead[i % rows_ahead];
    const std::uint64_t row = slot;
    if (i < n) {
      slot = order.row(range.begin + i);
      const float* begin = inputs + slot * input_.width;
      __builtin_prefetch(begin);
      __builtin_prefetch(begin + input_.width - 1);
      __builtin_prefetch(targets + slot * target_.width);
    }
    if (i < rows_ahead) {
      continue;
    }
    input_.copy(inputs + row * input_.width, x);
    target_.copy(targets + row * target_.width, y);
    x += input_.width;
    y += target_.width;
  }
}

void TrainingData::unpack(std::span<const float> rows, float* x, float* y, float* w) const {
  const std::size_t width = input_.width + target_.width;
  for (std::size_t i = 0; i < rows.size(); i += width + (weighted_ ? 1 : 0)) {
    input_.copy(&rows[i], x);
    target_.copy(&rows[i + input_.width], y);
    x += input_.width;
    y += target_.width;
    if (weighted_) {
      *w++ = static_cast<float>(weight_factor_ * static_cast<double>(rows[i + width]));
    }
  }
}

TrainingData::Rows TrainingData::rows(Split split, RowRange range) const {
  return {input_.view(pack_->inputs(split).subspan(range.begin * input_.width,
                                                   range.size() * input_.width)),
          target_.view(pack_->targets(split).subspan(range.begin * target_.width,
                                                     range.size() * target_.width))};
}

}  // namespace twostep
