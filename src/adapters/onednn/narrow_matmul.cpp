#include "adapters/onednn/narrow_matmul.hpp"

#include <algorithm>

#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep::onednn {
namespace {

constexpr std::size_t lanes = 16;
// Where oneDNN is slower; measured on Zen 5 with AVX-512.
constexpr std::int64_t most_columns = 4;
constexpr std::int64_t most_columns_transposed = 8;  // of a product with a transposed

using Vector [[gnu::vector_size(lanes * sizeof(float)), gnu::aligned(4), gnu::may_alias]] = float;
using Half [[gnu::vector_size(lanes / 2 * sizeof(float)), gnu::aligned(4), gnu::may_alias]] = float;
using Quarter [[gnu::vector_size(lanes / 4 * sizeof(float)), gnu::aligned(4), gnu::may_alias]] =
    float;

[[gnu::always_inline]] inline const Vector& at(const float* p) {
  return *reinterpret_cast<const Vector*>(p);
}

[[gnu::always_inline]] inline float total(const Vector& v) {
  const auto* p = reinterpret_cast<const float*>(&v);
  const Half half = *reinterpret_cast<const Half*>(p) + *reinterpret_cast<const Half*>(p + 8);
  const auto* h = reinterpret_cast<const float*>(&half);
  const Quarter q = *reinterpret_cast<const Quarter*>(h) + *reinterpret_cast<const Quarter*>(h + 4);
  return (q[0] + q[2]) + (q[1] + q[3]);
}

struct Rows {
  const float* a;  // [m, k]
  std::size_t a_row;
  const float* b;  // turned: [n, row], the last vector of each beginning at k - lanes
  std::size_t row;
  const float* bias;  // nullptr: none
  float* c;           // [m, n]
  std::size_t m, k;
  bool relu;
};

// Rows [i, i + R) of c = a b.
template <std::size_t N, std::size_t R>
[[gnu::always_inline]] inline void dot_rows(const Rows& o, std::size_t i) {
  Vector sums[R][N] = {};
  const float* a = o.a + i * o.a_row;
  const auto add = [&](std::size_t p, std::size_t from) __attribute__((always_inline)) {
    for (std::size_t r = 0; r < R; ++r) {
      const Vector v = at(a + r * o.a_row + from);
      for (std::size_t j = 0; j < N; ++j) {
        sums[r][j] += v * at(o.b + j * o.row + p);
      }
    }
  };
  std::size_t p = 0;
  for (; p + lanes <= o.k; p += lanes) {
    add(p, p);
  }
  if (p < o.k) {
    add(p, o.k - lanes);  // against zeros where it overlaps
  }
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t j = 0; j < N; ++j) {
      const float sum = total(sums[r][j]) + (o.bias == nullptr ? 0.0F : o.bias[j]);
      o.c[(i + r) * N + j] = o.relu && !(sum > 0.0F) ? 0.0F : sum;
    }
  }
}

// As many accumulators as hide the latency of a fused multiply-add, and fit into the registers.
template <std::size_t N>
constexpr std::size_t rows_at_a_time = N == 1 ? 8 : 4;

template <std::size_t N>
[[gnu::always_inline]] inline void dots(const Rows& o) {
  std::size_t i = 0;
  for (; i + rows_at_a_time<N> <= o.m; i += rows_at_a_time<N>) {
    dot_rows<N, rows_at_a_time<N>>(o, i);
  }
  for (; i < o.m; ++i) {
    dot_rows<N, 1>(o, i);
  }
}

struct Columns {
  const float* a;  // [k, m]
  std::size_t a_row;
  const float* b;  // [k, n]
  float* c;        // turned: [n, row]
  std::size_t row;
  std::size_t m, k;
};

// Adds rows [p, p + P) of a, times theirs of b, to the columns of c.
template <std::size_t N, std::size_t P>
[[gnu::always_inline]] inline void add_rows(const Columns& o, std::size_t p) {
  const float* a = o.a + p * o.a_row;
  const float* b = o.b + p * N;
  const auto add = [&](std::size_t i) __attribute__((always_inline)) {
    Vector v[P];
    for (std::size_t r = 0; r < P; ++r) {
      v[r] = at(a + r * o.a_row + i);
    }
    for (std::size_t j = 0; j < N; ++j) {
      Vector sum = b[j] * v[0];
      for (std::size_t r = 1; r < P; ++r) {
        sum += b[r * N + j] * v[r];
      }
      *reinterpret_cast<Vector*>(o.c + j * o.row + i) += sum;
    }
  };
  std::size_t i = 0;
  for (; i + lanes <= o.m; i += lanes) {
    add(i);
  }
  for (; i < o.m; ++i) {
    for (std::size_t j = 0; j < N; ++j) {
      float sum = b[j] * a[i];
      for (std::size_t r = 1; r < P; ++r) {
        sum += b[r * N + j] * a[r * o.a_row + i];
      }
      o.c[j * o.row + i] += sum;
    }
  }
}

template <std::size_t N>
[[gnu::always_inline]] inline void columns(const Columns& o) {
  constexpr std::size_t together = N == 1 ? 8 : 4;
  std::fill_n(o.c, N * o.row, 0.0F);
  std::size_t p = 0;
  for (; p + together <= o.k; p += together) {
    add_rows<N, together>(o, p);
  }
  for (; p < o.k; ++p) {
    add_rows<N, 1>(o, p);
  }
}

TWOSTEP_VECTORISED
void run_dots(const Rows& o, std::size_t n) {
  switch (n) {
    case 1:
      return dots<1>(o);
    case 2:
      return dots<2>(o);
    case 3:
      return dots<3>(o);
    default:
      return dots<4>(o);
  }
}

TWOSTEP_VECTORISED
void run_columns(const Columns& o, std::size_t n) {
  switch (n) {
    case 1:
      return columns<1>(o);
    case 2:
      return columns<2>(o);
    case 3:
      return columns<3>(o);
    case 4:
      return columns<4>(o);
    case 5:
      return columns<5>(o);
    case 6:
      return columns<6>(o);
    case 7:
      return columns<7>(o);
    default:
      return columns<8>(o);
  }
}

}  // namespace

bool NarrowMatmul::fits(const MatmulShape& s) {
  constexpr auto least = static_cast<std::int64_t>(lanes);
  return s.operands == Element::f32 && s.result == Element::f32 && !s.preferred_b && s.c_pad == 0 &&
         (s.activation == Activation::identity || s.activation == Activation::relu) &&
         s.n <= (s.a_transposed ? most_columns_transposed : most_columns) && !s.b_transposed &&
         (s.a_transposed ? s.m : s.k) >= least &&
         !(s.a_transposed && (s.bias || s.activation != Activation::identity));
}

NarrowMatmul::NarrowMatmul(const MatmulShape& shape)
    : shape_(shape),
      row_((static_cast<std::size_t>(shape.a_transposed ? shape.m : shape.k) + lanes - 1) / lanes *
           lanes),
      turned_(static_cast<std::size_t>(shape.n) * row_) {
  TWOSTEP_REQUIRE(fits(shape));
}

void NarrowMatmul::pack(const float* b) {
  const auto k = static_cast<std::size_t>(shape_.k);
  const auto n = static_cast<std::size_t>(shape_.n);
  const std::size_t whole = k - k % lanes;
  for (std::size_t j = 0; j < n; ++j) {
    float* to = turned_.get() + j * row_;
    for (std::size_t p = 0; p < whole; ++p) {
      to[p] = b[p * n + j];
    }
    for (std::size_t p = whole; p < row_; ++p) {
      const std::size_t from = k - lanes + (p - whole);
      to[p] = from < whole ? 0.0F : b[from * n + j];
    }
  }
}

void NarrowMatmul::unpack(float* c) const {
  const auto m = static_cast<std::size_t>(shape_.m);
  const auto n = static_cast<std::size_t>(shape_.n);
  for (std::size_t j = 0; j < n; ++j) {
    const float* from = turned_.get() + j * row_;
    for (std::size_t i = 0; i < m; ++i) {
      c[i * n + j] = from[i];
    }
  }
}

void NarrowMatmul::run(const float* a, const float* b, const float* bias, float* c) {
  const auto m = static_cast<std::size_t>(shape_.m);
  const auto k = static_cast<std::size_t>(shape_.k);
  const auto n = static_cast<std::size_t>(shape_.n);
  const std::size_t a_row = (shape_.a_transposed ? m : k) + static_cast<std::size_t>(shape_.a_pad);
  if (shape_.a_transposed) {
    run_columns({a, a_row, b, turned_.get(), row_, m, k}, n);
    unpack(c);
    return;
  }
  pack(b);
  run_dots({a, a_row, turned_.get(), row_, bias, c, m, k, shape_.activation == Activation::relu},
           n);
}

}  // namespace twostep::onednn
