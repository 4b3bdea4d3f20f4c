#include "twostep/ports/table_reader.hpp"

#include <algorithm>

#include "twostep/base/check.hpp"

namespace twostep {
namespace {

// What lies between two pieces of contiguous data and is shorter than this is read with them: it
// costs less than another request.
constexpr std::uint64_t bridge_bytes = 1024;
constexpr std::uint64_t slab_values = 1U << 22;      // of a long range, at a time
constexpr std::uint64_t longest_bridged = 1U << 16;  // rows of a scattered selection in one slab

std::uint64_t chunks_along(std::uint64_t size, std::uint64_t chunk) {
  return (size + chunk - 1) / chunk;
}

}  // namespace

// A row of a scattered selection: its place in the array, and which chunk that is in.
struct TableReader::Selected {
  std::uint64_t chunk = 0;
  std::uint64_t place = 0;  // counted over the row axes alone
  std::size_t out = 0;      // which of the selection
};

TableReader::TableReader(TableLayout layout, ArrayStorage storage)
    : layout_(std::move(layout)), storage_(std::move(storage)) {
  const std::size_t rank = layout_.axes.size();
  TWOSTEP_REQUIRE(storage_.chunk.empty() || storage_.chunk.size() == rank);
  axis_of_row_.assign(layout_.row_sizes.size(), TableAxis::no_row);
  column_stride_.assign(rank, 0);
  runs_.resize(rank);
  std::uint64_t stride = 1;
  for (std::size_t i = rank; i-- > 0;) {
    const TableAxis& axis = layout_.axes[i];
    if (axis.row != TableAxis::no_row) {
      axis_of_row_.at(axis.row) = i;
      TWOSTEP_REQUIRE(layout_.row_sizes[axis.row] == axis.size);
      continue;
    }
    column_stride_[i] = stride;
    stride *= axis.picked.size();
    runs_[i] = make_runs(i);
    std::uint64_t longest = 1;
    for (const Run& run : runs_[i]) {
      longest = std::max(longest, run.count);
    }
    widest_ *= longest;
  }
  for (const std::uint64_t size : layout_.row_sizes) {
    rows_ *= size;
  }
}

// Elements between neighbours along an axis.
std::uint64_t TableReader::stored_stride(std::size_t axis) const {
  std::uint64_t stride = 1;
  for (std::size_t i = axis + 1; i < layout_.axes.size(); ++i) {
    stride *= layout_.axes[i].size;
  }
  return stride;
}

std::vector<TableReader::Run> TableReader::make_runs(std::size_t at) const {
  const TableAxis& axis = layout_.axes[at];
  const std::uint64_t stride = stored_stride(at) * storage_.element_bytes;
  std::vector<Run> out;
  for (std::size_t i = 0; i < axis.picked.size(); ++i) {
    const std::uint64_t level = axis.picked[i];
    if (!out.empty()) {
      Run& run = out.back();
      const std::uint64_t last = run.begin + run.count - 1;
      const bool together = storage_.chunk.empty()
                                ? (level - last - 1) * stride <= bridge_bytes
                                : level / storage_.chunk[at] == last / storage_.chunk[at];
      if (together || level == last + 1) {
        run.count = level - run.begin + 1;
        ++run.picked;
        continue;
      }
    }
    out.push_back({level, 1, i, 1});
  }
  return out;
}

TableReader::Index TableReader::index_of(std::uint64_t row) const {
  Index out(layout_.row_sizes.size());
  for (std::size_t d = out.size(); d-- > 0;) {
    out[d] = row % layout_.row_sizes[d];
    row /= layout_.row_sizes[d];
  }
  return out;
}

std::uint64_t TableReader::chunk_rows() const {
  if (storage_.chunk.empty()) {
    return 0;
  }
  std::uint64_t inner = rows_;
  for (std::size_t d = 0; d < layout_.row_sizes.size(); ++d) {
    inner = layout_.row_sizes[d] > 0 ? inner / layout_.row_sizes[d] : 0;
    const std::size_t axis = axis_of_row_[d];
    if (axis != TableAxis::no_row && storage_.chunk[axis] > 1) {
      const bool even = d == 0 || layout_.row_sizes[d] % storage_.chunk[axis] == 0;
      return inner * (even ? storage_.chunk[axis] : layout_.row_sizes[d]);
    }
  }
  return 1;
}

std::uint64_t TableReader::chunks_in_use() const {
  if (storage_.chunk.empty()) {
    return 0;
  }
  std::uint64_t out = 1;
  bool within = false;  // inside a row dimension of which a chunk holds more than one place
  for (std::size_t d = 0; d < layout_.row_sizes.size(); ++d) {
    const std::size_t axis = axis_of_row_[d];
    if (axis == TableAxis::no_row) {
      within = true;  // comes back to the same values again and again
      continue;
    }
    out *= within ? chunks_along(layout_.axes[axis].size, storage_.chunk[axis]) : 1;
    within = within || storage_.chunk[axis] > 1;
  }
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    std::uint64_t touched = 0;
    for (const Run& run : runs_[i]) {
      touched +=
          (run.begin + run.count - 1) / storage_.chunk[i] - run.begin / storage_.chunk[i] + 1;
    }
    out *= std::max<std::uint64_t>(1, touched);
  }
  return out;
}

// Whether a range of rows lies in the array as it does in the table.
bool TableReader::straight() const {
  if (layout_.row_sizes.size() != 1 || axis_of_row_[0] != 0) {
    return false;
  }
  return std::all_of(layout_.axes.begin() + 1, layout_.axes.end(),
                     [](const TableAxis& a) { return a.picked.size() == a.size; });
}

template <class Use>
void TableReader::for_each_slab(const Box& box, Use use) const {
  const std::size_t rank = layout_.axes.size();
  Slab slab{Index(rank), Index(rank)};
  std::vector<const Run*> chosen(rank, nullptr);
  const auto descend = [&](const auto& self, std::size_t axis) -> void {
    if (axis == rank) {
      use(slab, chosen);
      return;
    }
    const std::size_t row = layout_.axes[axis].row;
    if (row != TableAxis::no_row) {
      slab.begin[axis] = box.begin[row];
      slab.count[axis] = box.count[row];
      self(self, axis + 1);
      return;
    }
    for (const Run& run : runs_[axis]) {
      slab.begin[axis] = run.begin;
      slab.count[axis] = run.count;
      chosen[axis] = &run;
      self(self, axis + 1);
    }
  };
  descend(descend, 0);
}

// Rows of one box: row_at(i) gives the index of the i-th and its place in out.
template <class RowAt>
void TableReader::read_box(const Box& box, std::size_t rows, RowAt row_at, std::span<double> out,
                           const ReadSlab& read) const {
  const std::size_t rank = layout_.axes.size();
  std::vector<double> values;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> cells;  // offset in the slab, column
  for_each_slab(box, [&](const Slab& slab, const std::vector<const Run*>& chosen) {
    std::uint64_t size = 1;
    std::vector<std::uint64_t> row_stride(layout_.row_sizes.size(), 0);
    cells.assign(1, {0, 0});
    for (std::size_t axis = rank; axis-- > 0;) {
      const TableAxis& a = layout_.axes[axis];
      if (a.row != TableAxis::no_row) {
        row_stride[a.row] = size;
      } else {
        const Run& run = *chosen[axis];
        std::vector<std::pair<std::uint64_t, std::uint64_t>> more;
        for (std::size_t p = run.first; p < run.first + run.picked; ++p) {
          for (const auto& [offset, column] : cells) {
            more.emplace_back(offset + (a.picked[p] - run.begin) * size,
                              column + p * column_stride_[axis]);
          }
        }
        cells = std::move(more);
      }
      size *= slab.count[axis];
    }
    values.resize(size);
    read(slab, values);
    for (std::size_t i = 0; i < rows; ++i) {
      const auto& [index, place] = row_at(i);
      std::uint64_t base = 0;
      for (std::size_t d = 0; d < row_stride.size(); ++d) {
        base += (index[d] - box.begin[d]) * row_stride[d];
      }
      double* to = out.data() + place * layout_.columns;
      for (const auto& [offset, column] : cells) {
        to[column] = values[base + offset];
      }
    }
  });
}

void TableReader::read_range(std::uint64_t begin, std::uint64_t count, std::span<double> out,
                             const ReadSlab& read) const {
  TWOSTEP_REQUIRE(begin + count <= rows_ && out.size() == count * layout_.columns);
  if (count > 0 && straight()) {
    Slab slab;
    for (const TableAxis& axis : layout_.axes) {
      slab.begin.push_back(axis.row == 0 ? begin : 0);
      slab.count.push_back(axis.row == 0 ? count : axis.size);
    }
    read(slab, out);
    return;
  }
  const std::size_t dims = layout_.row_sizes.size();
  const std::uint64_t most = std::max<std::uint64_t>(1, slab_values / widest_);
  for (std::uint64_t done = 0; done < count;) {
    // The largest box that begins here: whole along all row dimensions behind `split`.
    const Index first = index_of(begin + done);
    const std::uint64_t left = std::min(count - done, most);
    std::size_t split = dims - 1;
    std::uint64_t inner = 1;
    while (split > 0 && first[split] == 0 && layout_.row_sizes[split] * inner <= left) {
      inner *= layout_.row_sizes[split--];
    }
    Box box{first, Index(dims, 1)};
    box.count[split] = std::min(left / inner, layout_.row_sizes[split] - first[split]);
    for (std::size_t d = split + 1; d < dims; ++d) {
      box.count[d] = layout_.row_sizes[d];
    }
    const std::uint64_t rows = box.count[split] * inner;
    Index index = first;
    const auto row_at = [&](std::uint64_t i) {
      if (i == 0) {
        index = first;
      } else {  // rows are asked for one after another
        std::size_t d = dims - 1;
        while (++index[d] == box.begin[d] + box.count[d] && d > split) {
          index[d--] = 0;
        }
      }
      return std::pair<const Index&, std::uint64_t>(index, done + i);
    };
    read_box(box, rows, row_at, out, read);
    done += rows;
  }
}

// Sorted by chunk, then by place in the array.
std::vector<TableReader::Selected> TableReader::in_stored_order(
    std::span<const std::uint64_t> rows) const {
  std::vector<Selected> out(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    TWOSTEP_REQUIRE(rows[i] < rows_);
    Selected& s = out[i];
    const Index index = index_of(rows[i]);
    s.out = i;
    for (std::size_t axis = 0; axis < layout_.axes.size(); ++axis) {
      const TableAxis& a = layout_.axes[axis];
      if (a.row != TableAxis::no_row) {
        s.place = s.place * a.size + index[a.row];
        if (!storage_.chunk.empty()) {
          s.chunk = s.chunk * chunks_along(a.size, storage_.chunk[axis]) +
                    index[a.row] / storage_.chunk[axis];
        }
      }
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Selected& a, const Selected& b) {
    return a.chunk != b.chunk ? a.chunk < b.chunk : a.place < b.place;
  });
  return out;
}

// Whether b, which comes after a in stored order, is read in the same slab.
bool TableReader::joins(const Selected& a, const Selected& b) const {
  if (!storage_.chunk.empty()) {  // all of the chunk: it is read, and perhaps unpacked, as a whole
    return a.chunk == b.chunk;
  }
  if (a.place == b.place) {
    return true;
  }
  std::size_t last = layout_.axes.size() - 1;
  while (layout_.axes[last].row == TableAxis::no_row) {
    --last;
  }
  const std::uint64_t size = layout_.axes[last].size;
  return a.place / size == b.place / size &&
         (b.place - a.place - 1) * stored_stride(last) * storage_.element_bytes <= bridge_bytes;
}

void TableReader::read_rows(std::span<const std::uint64_t> rows, std::span<double> out,
                            const ReadSlab& read) const {
  TWOSTEP_REQUIRE(out.size() == rows.size() * layout_.columns);
  const std::vector<Selected> selected = in_stored_order(rows);
  for (std::size_t i = 0; i < selected.size();) {
    Box box{index_of(rows[selected[i].out]), index_of(rows[selected[i].out])};
    std::size_t next = i;
    const std::uint64_t farthest = selected[i].place + longest_bridged;
    while (next < selected.size() &&
           (next == i || (joins(selected[next - 1], selected[next]) &&
                          (!storage_.chunk.empty() || selected[next].place < farthest)))) {
      const Index index = index_of(rows[selected[next++].out]);
      for (std::size_t d = 0; d < index.size(); ++d) {
        box.begin[d] = std::min(box.begin[d], index[d]);
        box.count[d] = std::max(box.count[d], index[d]);  // the last one, for now
      }
    }
    for (std::size_t d = 0; d < box.begin.size(); ++d) {
      box.count[d] = box.count[d] - box.begin[d] + 1;
    }
    read_box(
        box, next - i,
        [&](std::size_t j) {
          const std::size_t place = selected[i + j].out;
          return std::pair<Index, std::uint64_t>(index_of(rows[place]), place);
        },
        out, read);
    i = next;
  }
}

}  // namespace twostep
