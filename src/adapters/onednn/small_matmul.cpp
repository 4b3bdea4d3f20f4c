#include "adapters/onednn/small_matmul.hpp"

#include <algorithm>
#include <cstring>

#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep::onednn {
namespace {

constexpr std::size_t lanes = 16;
constexpr std::size_t block_rows = 8;
// Where oneDNN is as fast; measured on Zen 5 with AVX-512.
constexpr std::int64_t most_multiplications = 32 * 32 * 32;
constexpr std::int64_t most_transposed = 320;  // entries of a transposed b, which is copied

using Vector [[gnu::vector_size(lanes * sizeof(float)), gnu::aligned(4), gnu::may_alias]] = float;

struct Operands {
  const float* a;
  std::size_t a_row, a_column;  // strides
  const float* b;               // [k, b_row], whole vectors
  std::size_t b_row;
  const float* bias;  // nullptr: none
  float* c;
  std::size_t m, k, n;
  bool relu;
};

// Rows [i, i + R) of c, all columns.
template <std::size_t R>
[[gnu::always_inline]] inline void compute_rows(const Operands& o, std::size_t i) {
  for (std::size_t j = 0; j < o.n; j += lanes) {
    const std::size_t width = std::min(lanes, o.n - j);
    Vector start{};
    if (o.bias != nullptr) {
      if (width == lanes) {
        start = *reinterpret_cast<const Vector*>(o.bias + j);
      } else {
        std::memcpy(&start, o.bias + j, width * sizeof(float));
      }
    }
    Vector sum[R];
    for (std::size_t r = 0; r < R; ++r) {
      sum[r] = start;
    }
    const float* a = o.a + i * o.a_row;
    const float* b = o.b + j;
    for (std::size_t p = 0; p < o.k; ++p, a += o.a_column, b += o.b_row) {
      const Vector row = *reinterpret_cast<const Vector*>(b);
      for (std::size_t r = 0; r < R; ++r) {
        sum[r] += a[r * o.a_row] * row;
      }
    }
    for (std::size_t r = 0; r < R; ++r) {
      const Vector zero{};
      const Vector out = o.relu ? (sum[r] > zero ? sum[r] : zero) : sum[r];
      float* at = o.c + (i + r) * o.n + j;
      if (width == lanes) {
        *reinterpret_cast<Vector*>(at) = out;
      } else {
        std::memcpy(at, &out, width * sizeof(float));
      }
    }
  }
}

TWOSTEP_VECTORISED
void multiply(const Operands& o) {
  std::size_t i = 0;
  for (; i + block_rows <= o.m; i += block_rows) {
    compute_rows<block_rows>(o, i);
  }
  for (; i + 4 <= o.m; i += 4) {
    compute_rows<4>(o, i);
  }
  for (; i < o.m; ++i) {
    compute_rows<1>(o, i);
  }
}

}  // namespace

bool SmallMatmul::fits(const MatmulShape& s) {
  const std::int64_t columns = (s.n + 15) / 16 * 16;
  return s.operands == Element::f32 && s.result == Element::f32 && !s.preferred_b && s.a_pad == 0 &&
         s.c_pad == 0 &&
         (s.activation == Activation::identity || s.activation == Activation::relu) &&
         s.m * s.k * columns <= most_multiplications &&
         (!s.b_transposed || s.k * s.n <= most_transposed);
}

SmallMatmul::SmallMatmul(const MatmulShape& shape)
    : shape_(shape),
      padded_n_((static_cast<std::size_t>(shape.n) + lanes - 1) / lanes * lanes),
      packs_(shape.b_transposed || shape.n % static_cast<std::int64_t>(lanes) != 0),
      packed_(packs_ ? static_cast<std::size_t>(shape.k) * padded_n_ : 0) {
  TWOSTEP_REQUIRE(fits(shape));
  std::fill_n(packed_.get(), packs_ ? static_cast<std::size_t>(shape.k) * padded_n_ : 0, 0.0F);
}

void SmallMatmul::run(const float* a, const float* b, const float* bias, float* c) {
  const auto m = static_cast<std::size_t>(shape_.m);
  const auto k = static_cast<std::size_t>(shape_.k);
  const auto n = static_cast<std::size_t>(shape_.n);
  if (packs_) {
    const std::size_t row = shape_.b_transposed ? 1 : n;
    const std::size_t column = shape_.b_transposed ? k : 1;
    for (std::size_t p = 0; p < k; ++p) {
      for (std::size_t j = 0; j < n; ++j) {
        packed_.get()[p * padded_n_ + j] = b[p * row + j * column];
      }
    }
  }
  multiply({a, shape_.a_transposed ? 1 : k, shape_.a_transposed ? m : 1, packs_ ? packed_.get() : b,
            padded_n_, bias, c, m, k, n, shape_.activation == Activation::relu});
}

}  // namespace twostep::onednn
