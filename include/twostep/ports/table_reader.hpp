// Reads rows of a table out of one stored array, by rectangular slabs that somebody else reads (the
// HDF5 adapter from a file, the tests' fake from memory). It decides which slabs, in what order:
// of chunked arrays each chunk touched by a selection of rows is asked for once, of contiguous ones
// little more than the elements themselves. Memory: the slab at hand, which is as large as the rows
// asked for, one chunk, or `slab_values`, whichever is largest.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "twostep/ports/table_layout.hpp"

namespace twostep {

struct Slab {  // begin and count along every axis, in stored order
  std::vector<std::uint64_t> begin;
  std::vector<std::uint64_t> count;
};

struct ArrayStorage {
  std::vector<std::uint64_t> chunk;  // extents of a chunk; empty: contiguous
  std::uint64_t element_bytes = 4;
};

// Fills `out` with the slab's values, the last axis fastest.
using ReadSlab = std::function<void(const Slab& slab, std::span<double> out)>;

class TableReader {
 public:
  // layout.row_sizes must be complete: sizes that the variable lacks come from its neighbours.
  TableReader(TableLayout layout, ArrayStorage storage);

  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] std::uint64_t columns() const { return layout_.columns; }
  [[nodiscard]] const TableLayout& layout() const { return layout_; }
  // Rows a and b with a / n == b / n may share a chunk, others do not; 0: contiguous.
  [[nodiscard]] std::uint64_t chunk_rows() const;
  // Chunks that reading all rows in order comes back to: held in a cache, each is read once.
  [[nodiscard]] std::uint64_t chunks_in_use() const;

  // Rows [begin, begin + count); out: [count, columns].
  void read_range(std::uint64_t begin, std::uint64_t count, std::span<double> out,
                  const ReadSlab& read) const;
  // rows: strictly ascending; out: [rows.size(), columns].
  void read_rows(std::span<const std::uint64_t> rows, std::span<double> out,
                 const ReadSlab& read) const;

 private:
  using Index = std::vector<std::uint64_t>;  // one entry per row dimension
  struct Run {                               // neighbouring levels that are read in one go
    std::uint64_t begin;
    std::uint64_t count;
    std::size_t first;  // its first level among those picked
    std::size_t picked;
  };
  struct Box {  // rows in every row dimension
    Index begin;
    Index count;
  };
  struct Selected;  // a row of a scattered selection

  TableLayout layout_;
  ArrayStorage storage_;
  std::uint64_t rows_ = 1;
  std::vector<std::vector<Run>> runs_;        // per axis; empty for row axes
  std::vector<std::size_t> axis_of_row_;      // no_row where the variable lacks it
  std::vector<std::uint64_t> column_stride_;  // per axis, in columns of the table
  std::uint64_t widest_ = 1;                  // values that a row takes up in the widest slab

  [[nodiscard]] std::uint64_t stored_stride(std::size_t axis) const;
  [[nodiscard]] std::vector<Run> make_runs(std::size_t axis) const;
  [[nodiscard]] Index index_of(std::uint64_t row) const;
  [[nodiscard]] bool straight() const;
  // Calls use(slab, the run of each column axis) for all combinations of runs.
  template <class Use>
  void for_each_slab(const Box& box, Use use) const;
  template <class RowAt>
  void read_box(const Box& box, std::size_t rows, RowAt row_at, std::span<double> out,
                const ReadSlab& read) const;
  [[nodiscard]] std::vector<Selected> in_stored_order(std::span<const std::uint64_t> rows) const;
  [[nodiscard]] bool joins(const Selected& a, const Selected& b) const;
};

}  // namespace twostep
