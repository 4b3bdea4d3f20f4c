// A Cholesky factor that grows by rows, and what is asked of it. Row by row, so that a factor that
// was extended has the bits of one that was made at once: proposals may not depend on when they
// were asked for. The loops are vectorised.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace twostep {

class GrowingCholesky {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  void clear() { truncate(0); }
  void truncate(std::size_t size);
  // Adds the row of a symmetric positive definite matrix: `row` against the size() rows before it,
  // `diagonal`; a pivot that rounding made too small becomes `least`.
  void append(std::span<const double> row, double diagonal, double least);

  // L^-1 y and L^-T y of the first n rows, in place; n = y.size().
  void solve_lower(std::span<double> y) const;
  void solve_upper(std::span<double> y) const;
  // L^-1 B in place, B row-major with `columns` columns and size() rows.
  void solve_lower(std::span<double> b, std::size_t columns) const;

 private:
  std::size_t size_ = 0;
  std::vector<double> rows_;  // packed: row i begins at i (i + 1) / 2
  [[nodiscard]] const double* row(std::size_t i) const { return rows_.data() + i * (i + 1) / 2; }
};

}  // namespace twostep
