// How the arrays of a data set become one table. The row dimensions (data.rows: [time, ncol], by
// name) give the rows: row (i, j) of sizes (m, n) is row i * n + j, the first listed dimension
// slowest, in whatever order a variable stores them. A variable's other dimensions give its columns
// in the order in which they are stored, the last fastest, of each dimension the chosen levels
// only. A variable that lacks some row dimension has the same value all along it: PS[time, ncol]
// beside T[time, lev, ncol], lat[ncol] beside both. Without data.rows the first dimension is the
// rows and a second one the columns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "twostep/study/spec.hpp"

namespace twostep {

struct TableAxis {  // one dimension of a stored array
  static constexpr std::size_t no_row = static_cast<std::size_t>(-1);
  std::uint64_t size = 0;
  std::size_t row = no_row;           // which of the row dimensions it is
  std::vector<std::uint64_t> picked;  // the levels that become columns, ascending; empty for rows
};

struct TableLayout {
  std::vector<TableAxis> axes;           // in stored order
  std::vector<std::uint64_t> row_sizes;  // of all row dimensions; 0: not known from this variable
  std::uint64_t columns = 1;
  std::vector<std::string> labels;  // one per column, "lev=5"; empty: columns are just numbered
};

struct ArrayShape {
  std::vector<std::uint64_t> sizes;
  std::vector<std::string> names;  // as the file has them; "" or none at all where it has none
  [[nodiscard]] std::string text() const;  // "[time=24, lev=60, ncol=384]", "[24, 60]"
};

// Error{data} at `where` ("file.nc:T"): dimensions without names, none of them a row dimension,
// levels out of range.
[[nodiscard]] TableLayout make_table_layout(const std::string& where,
                                            const std::vector<std::string>& rows,
                                            const VariableSpec& variable, const ArrayShape& shape);

}  // namespace twostep
