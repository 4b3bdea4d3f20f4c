#include "adapters/onednn/narrow_matmul.hpp"

#include <algorithm>

#include "adapters/onednn/vectors.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep::onednn {
namespace {

constexpr std::size_t lanes = 16;  // sums that a row is dealt out to: the order of its summation
// Where oneDNN is slower; measured on Zen 5 with AVX-512 and Zen 1 with AVX2.
constexpr std::int64_t most_columns = 4;
constexpr std::int64_t most_columns_transposed = 8;  // of a product with a transposed

// Loops take vectors of as many lanes as the registers have: longer ones would be split in memory.
using Quarter = Vector<lanes / 4>;

// Adds the second half of the lanes to the first, and again: the order does not depend on Lanes.
template <std::size_t Lanes, std::size_t Count>
[[gnu::always_inline]] inline Quarter fold(const Vector<Lanes> (&sums)[Count]) {
  if constexpr (Count > 1) {
    Vector<Lanes> half[Count / 2];
    for (std::size_t v = 0; v < Count / 2; ++v) {
      half[v] = sums[v] + sums[v + Count / 2];
    }
    return fold<Lanes>(half);
  } else if constexpr (Lanes == 16) {
    const Vector<16>& s = sums[0];
    const Vector<8> half[1] = {__builtin_shufflevector(s, s, 0, 1, 2, 3, 4, 5, 6, 7) +
                               __builtin_shufflevector(s, s, 8, 9, 10, 11, 12, 13, 14, 15)};
    return fold<8>(half);
  } else if constexpr (Lanes == 8) {
    const Vector<8>& s = sums[0];
    return __builtin_shufflevector(s, s, 0, 1, 2, 3) + __builtin_shufflevector(s, s, 4, 5, 6, 7);
  } else {
    return sums[0];
  }
}

[[gnu::always_inline]] inline float total(const Quarter& q) {
  return (q[0] + q[2]) + (q[1] + q[3]);
}

// Those of q[0] to q[3], with the same bits: turned, then added.
[[gnu::always_inline]] inline Quarter totals(const Quarter* q) {
  const Quarter low01 = __builtin_shufflevector(q[0], q[1], 0, 4, 1, 5);
  const Quarter low23 = __builtin_shufflevector(q[2], q[3], 0, 4, 1, 5);
  const Quarter high01 = __builtin_shufflevector(q[0], q[1], 2, 6, 3, 7);
  const Quarter high23 = __builtin_shufflevector(q[2], q[3], 2, 6, 3, 7);
  const Quarter even = __builtin_shufflevector(low01, low23, 0, 1, 4, 5) +
                       __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
  const Quarter odd = __builtin_shufflevector(low01, low23, 2, 3, 6, 7) +
                      __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
  return even + odd;
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

// Rows [i, i + R) of c = a b + bias.
template <std::size_t Lanes, std::size_t N, std::size_t R>
[[gnu::always_inline]] inline void dot_rows(const Rows& o, const float (&bias)[N], std::size_t i) {
  constexpr std::size_t vectors = lanes / Lanes;
  Vector<Lanes> sums[R * N][vectors] = {};
  const float* a = o.a + i * o.a_row;
  const auto add = [&](std::size_t p, std::size_t from) __attribute__((always_inline)) {
    for (std::size_t r = 0; r < R; ++r) {
      for (std::size_t v = 0; v < vectors; ++v) {
        const Vector<Lanes> x = load<Lanes>(a + r * o.a_row + from + v * Lanes);
        for (std::size_t j = 0; j < N; ++j) {
          sums[r * N + j][v] += x * load<Lanes>(o.b + j * o.row + p + v * Lanes);
        }
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
  Quarter folded[R * N];
  for (std::size_t t = 0; t < R * N; ++t) {
    folded[t] = fold<Lanes>(sums[t]);
  }
  float* c = o.c + i * N;
  std::size_t t = 0;
  for (; t + 4 <= R * N; t += 4) {
    const Quarter zero{};
    const Quarter sum = totals(folded + t) + Quarter{bias[t % N], bias[(t + 1) % N],
                                                     bias[(t + 2) % N], bias[(t + 3) % N]};
    store<4>(c + t, o.relu ? (sum > zero ? sum : zero) : sum);
  }
  for (; t < R * N; ++t) {
    const float sum = total(folded[t]) + bias[t % N];
    c[t] = o.relu && !(sum > 0.0F) ? 0.0F : sum;
  }
}

// As many sums as hide the latency of a fused multiply-add, and fit into the registers.
template <std::size_t Lanes, std::size_t N>
constexpr std::size_t rows_at_a_time() {
  if (Lanes == 16) {
    return N == 1 ? 8 : 4;
  }
  if (Lanes == 8) {
    return N == 1 ? 4 : N < 4 ? 2 : 1;
  }
  return N == 1 ? 2 : 1;
}

template <std::size_t Lanes, std::size_t N>
[[gnu::always_inline]] inline void dots(const Rows& o) {
  constexpr std::size_t together = rows_at_a_time<Lanes, N>();
  float bias[N] = {};
  if (o.bias != nullptr) {
    std::copy_n(o.bias, N, bias);
  }
  std::size_t i = 0;
  for (; i + together <= o.m; i += together) {
    dot_rows<Lanes, N, together>(o, bias, i);
  }
  for (; i < o.m; ++i) {
    dot_rows<Lanes, N, 1>(o, bias, i);
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

// Adds to Lanes columns of c, from i, rows [0, P) of a times theirs of b.
template <std::size_t Lanes, std::size_t N, std::size_t P>
[[gnu::always_inline]] inline void add_to(const Columns& o, const float* a, const float* b,
                                          std::size_t i) {
  using V = Vector<Lanes>;
  V x[P];
  for (std::size_t r = 0; r < P; ++r) {
    x[r] = load<Lanes>(a + r * o.a_row + i);
  }
  for (std::size_t j = 0; j < N; ++j) {
    V sum = b[j] * x[0];
    for (std::size_t r = 1; r < P; ++r) {
      sum += b[r * N + j] * x[r];
    }
    float* to = o.c + j * o.row + i;
    store<Lanes>(to, load<Lanes>(to) + sum);
  }
}

// Adds rows [p, p + P) of a, times theirs of b, to the columns of c.
template <std::size_t Lanes, std::size_t N, std::size_t P>
[[gnu::always_inline]] inline void add_rows(const Columns& o, std::size_t p) {
  const float* a = o.a + p * o.a_row;
  const float* b = o.b + p * N;
  std::size_t i = 0;
  for (; i + Lanes <= o.m; i += Lanes) {
    add_to<Lanes, N, P>(o, a, b, i);
  }
  for (; Lanes > 4 && i + 4 <= o.m; i += 4) {
    add_to<4, N, P>(o, a, b, i);
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

template <std::size_t Lanes, std::size_t N>
[[gnu::always_inline]] inline void columns(const Columns& o) {
  constexpr std::size_t together = N == 1 ? 8 : 4;
  std::fill_n(o.c, N * o.row, 0.0F);
  std::size_t p = 0;
  for (; p + together <= o.k; p += together) {
    add_rows<Lanes, N, together>(o, p);
  }
  for (; p < o.k; ++p) {
    add_rows<Lanes, N, 1>(o, p);
  }
}

template <std::size_t Lanes>
[[gnu::always_inline]] inline void dots_of(const Rows& o, std::size_t n) {
  switch (n) {
    case 1:
      return dots<Lanes, 1>(o);
    case 2:
      return dots<Lanes, 2>(o);
    case 3:
      return dots<Lanes, 3>(o);
    default:
      return dots<Lanes, 4>(o);
  }
}

template <std::size_t Lanes>
[[gnu::always_inline]] inline void columns_of(const Columns& o, std::size_t n) {
  switch (n) {
    case 1:
      return columns<Lanes, 1>(o);
    case 2:
      return columns<Lanes, 2>(o);
    case 3:
      return columns<Lanes, 3>(o);
    case 4:
      return columns<Lanes, 4>(o);
    case 5:
      return columns<Lanes, 5>(o);
    case 6:
      return columns<Lanes, 6>(o);
    case 7:
      return columns<Lanes, 7>(o);
    default:
      return columns<Lanes, 8>(o);
  }
}

#ifdef TWOSTEP_VERSIONS
[[gnu::target("arch=x86-64-v4")]] void run_dots(const Rows& o, std::size_t n) {
  dots_of<16>(o, n);
}
[[gnu::target("arch=x86-64-v3")]] void run_dots(const Rows& o, std::size_t n) {
  dots_of<8>(o, n);
}
[[gnu::target("arch=x86-64-v4")]] void run_columns(const Columns& o, std::size_t n) {
  columns_of<16>(o, n);
}
[[gnu::target("arch=x86-64-v3")]] void run_columns(const Columns& o, std::size_t n) {
  columns_of<8>(o, n);
}
#endif
TWOSTEP_OTHERWISE void run_dots(const Rows& o, std::size_t n) {
  dots_of<4>(o, n);
}
TWOSTEP_OTHERWISE void run_columns(const Columns& o, std::size_t n) {
  columns_of<4>(o, n);
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
