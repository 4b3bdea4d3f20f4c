#include "search/surrogate/growing_cholesky.hpp"

#include <algorithm>
#include <cmath>

#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

constexpr std::size_t double_lanes = 8;

TWOSTEP_VECTORISED
double dot(const double* a, const double* b, std::size_t n) {
  double lane[double_lanes] = {};
  std::size_t i = 0;
  for (; i + double_lanes <= n; i += double_lanes) {
    for (std::size_t j = 0; j < double_lanes; ++j) {
      lane[j] += a[i + j] * b[i + j];
    }
  }
  double out = 0;
  for (const double part : lane) {
    out += part;
  }
  for (; i < n; ++i) {
    out += a[i] * b[i];
  }
  return out;
}

// y -= factor x
TWOSTEP_VECTORISED
void subtract(double* y, const double* x, double factor, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    y[i] -= factor * x[i];
  }
}

}  // namespace

void GrowingCholesky::truncate(std::size_t size) {
  TWOSTEP_REQUIRE(size <= size_);
  size_ = size;
  rows_.resize(size * (size + 1) / 2);
}

void GrowingCholesky::append(std::span<const double> row_of_matrix, double diagonal, double least) {
  TWOSTEP_REQUIRE(row_of_matrix.size() == size_);
  rows_.insert(rows_.end(), row_of_matrix.begin(), row_of_matrix.end());
  double* next = rows_.data() + size_ * (size_ + 1) / 2;
  for (std::size_t j = 0; j < size_; ++j) {
    next[j] = (next[j] - dot(next, row(j), j)) / row(j)[j];
  }
  const double pivot = diagonal - dot(next, next, size_);
  rows_.push_back(std::sqrt(std::max(pivot, least)));
  ++size_;
}

void GrowingCholesky::solve_lower(std::span<double> y) const {
  TWOSTEP_REQUIRE(y.size() <= size_);
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = (y[i] - dot(row(i), y.data(), i)) / row(i)[i];
  }
}

void GrowingCholesky::solve_upper(std::span<double> y) const {
  TWOSTEP_REQUIRE(y.size() <= size_);
  for (std::size_t i = y.size(); i-- > 0;) {
    y[i] /= row(i)[i];
    subtract(y.data(), row(i), y[i], i);
  }
}

void GrowingCholesky::solve_lower(std::span<double> b, std::size_t columns) const {
  TWOSTEP_REQUIRE(b.size() == size_ * columns);
  for (std::size_t i = 0; i < size_; ++i) {
    double* out = b.data() + i * columns;
    for (std::size_t j = 0; j < i; ++j) {
      subtract(out, b.data() + j * columns, row(i)[j], columns);
    }
    for (std::size_t c = 0; c < columns; ++c) {
      out[c] /= row(i)[i];
    }
  }
}

}  // namespace twostep
