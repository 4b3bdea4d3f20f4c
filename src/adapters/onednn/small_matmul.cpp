#include "adapters/onednn/small_matmul.hpp"

#include <algorithm>
#include <cstring>

#include "adapters/onednn/vectors.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep::onednn {
namespace {

constexpr std::size_t tile_columns = 16;  // of c, computed at a time
constexpr std::size_t panel_rows = 256;   // of a and c, which stay in the cache
constexpr std::size_t multiplications_worth_a_thread = 1U << 18U;

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

// A tile of Rows x 16 of c, from row i and column j, in vectors of as many lanes as the registers
// have: generic vectors that are longer would be split in memory.
template <std::size_t Lanes, std::size_t Rows>
[[gnu::always_inline]] inline void compute_tile(const Operands& o, std::size_t i, std::size_t j,
                                                const Vector<Lanes>* start) {
  using V = Vector<Lanes>;
  constexpr std::size_t vectors = tile_columns / Lanes;
  const std::size_t width = std::min(tile_columns, o.n - j);
  V sum[Rows][vectors];
  for (std::size_t r = 0; r < Rows; ++r) {
    for (std::size_t v = 0; v < vectors; ++v) {
      sum[r][v] = start[v];
    }
  }
  const float* a = o.a + i * o.a_row;
  const float* b = o.b + j;
  for (std::size_t p = 0; p < o.k; ++p, a += o.a_column, b += o.b_row) {
    for (std::size_t r = 0; r < Rows; ++r) {
      for (std::size_t v = 0; v < vectors; ++v) {
        sum[r][v] += a[r * o.a_row] * load<Lanes>(b + v * Lanes);
      }
    }
  }
  for (std::size_t r = 0; r < Rows; ++r) {
    float* at = o.c + (i + r) * o.n + j;
    for (std::size_t v = 0; v < vectors; ++v) {
      const V zero{};
      const V out = o.relu ? (sum[r][v] > zero ? sum[r][v] : zero) : sum[r][v];
      if (width == tile_columns) {
        store<Lanes>(at + v * Lanes, out);
      } else if (v * Lanes < width) {
        std::memcpy(at + v * Lanes, &out, std::min(Lanes, width - v * Lanes) * sizeof(float));
      }
    }
  }
}

template <std::size_t Lanes, std::size_t Rows>
[[gnu::always_inline]] inline void compute(const Operands& o) {
  constexpr std::size_t vectors = tile_columns / Lanes;
  for (std::size_t j = 0; j < o.n; j += tile_columns) {
    float bias[tile_columns] = {};
    if (o.bias != nullptr) {
      std::copy_n(o.bias + j, std::min(tile_columns, o.n - j), bias);
    }
    Vector<Lanes> start[vectors];
    for (std::size_t v = 0; v < vectors; ++v) {
      start[v] = load<Lanes>(bias + v * Lanes);
    }
    std::size_t i = 0;
    for (; i + Rows <= o.m; i += Rows) {
      compute_tile<Lanes, Rows>(o, i, j, start);
    }
    for (; i < o.m; ++i) {
      compute_tile<Lanes, 1>(o, i, j, start);
    }
  }
}

// The sizes up to which oneDNN is slower.
struct Limits {
  std::int64_t multiplications;
  std::int64_t transposed;  // entries of a transposed b, which is copied
  std::int64_t with_bias;   // entries of b, for any number of rows: bias and relu cost nothing here
};

// Tiles that hide the latency of a multiply-add and fit into the registers.
#ifdef TWOSTEP_VERSIONS
[[gnu::target("arch=x86-64-v4")]] void multiply(const Operands& o) {
  compute<16, 8>(o);
}
[[gnu::target("arch=x86-64-v3")]] void multiply(const Operands& o) {
  compute<8, 4>(o);
}
[[gnu::target("arch=x86-64-v4")]] Limits limits() {
  return {32 * 32 * 32, 320, 0};
}  // of Zen 5
[[gnu::target("arch=x86-64-v3")]] Limits limits() {
  return {64 * 64 * 256, 1024, 64 * 128};
}  // of Zen 1
#endif
TWOSTEP_OTHERWISE void multiply(const Operands& o) {
  compute<4, 2>(o);
}
TWOSTEP_OTHERWISE Limits limits() {
  return {32 * 32 * 32, 320, 0};
}

}  // namespace

bool SmallMatmul::fits(const MatmulShape& s) {
  const std::int64_t columns = (s.n + 15) / 16 * 16;
  const Limits most = limits();
  return s.operands == Element::f32 && s.result == Element::f32 && !s.preferred_b && s.a_pad == 0 &&
         s.c_pad == 0 &&
         (s.activation == Activation::identity || s.activation == Activation::relu) &&
         (s.m * s.k * columns <= most.multiplications ||
          (s.bias && !s.a_transposed && s.k * columns <= most.with_bias)) &&
         (!s.b_transposed || s.k * s.n <= most.transposed);
}

SmallMatmul::SmallMatmul(const MatmulShape& shape)
    : shape_(shape),
      padded_n_((static_cast<std::size_t>(shape.n) + tile_columns - 1) / tile_columns *
                tile_columns),
      packs_(shape.b_transposed || shape.n % static_cast<std::int64_t>(tile_columns) != 0),
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
  const Operands all{a,
                     shape_.a_transposed ? 1 : k,
                     shape_.a_transposed ? m : 1,
                     packs_ ? packed_.get() : b,
                     padded_n_,
                     bias,
                     c,
                     m,
                     k,
                     n,
                     shape_.activation == Activation::relu};
  const auto run_panel = [&all](std::size_t i) {
    Operands panel = all;
    panel.a += i * all.a_row;
    panel.c += i * all.n;
    panel.m = std::min(panel_rows, all.m - i);
    multiply(panel);
  };
  if (m * k * padded_n_ < 2 * multiplications_worth_a_thread) {
    for (std::size_t i = 0; i < m; i += panel_rows) {
      run_panel(i);
    }
    return;
  }
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < m; i += panel_rows) {
    run_panel(i);
  }
}

}  // namespace twostep::onednn
