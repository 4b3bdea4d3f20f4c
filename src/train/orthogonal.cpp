#include "train/orthogonal.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

constexpr std::size_t lanes = 8;
constexpr std::size_t directions = 4;  // that are projected out at a time,
constexpr std::size_t together = 4;    // of so many vectors: what fits into the registers
constexpr std::size_t block = 8;       // vectors that share one way through all before them
// A vector that keeps less than this of its norm has lost digits, and is made orthogonal again.
constexpr double kept = 0.01;

using Lanes
    [[gnu::vector_size(lanes * sizeof(double)), gnu::aligned(sizeof(double)), gnu::may_alias]] =
        double;

[[gnu::always_inline]] inline const Lanes& at(const double* p) {
  return *reinterpret_cast<const Lanes*>(p);
}

[[gnu::always_inline]] inline Lanes& at(double* p) {
  return *reinterpret_cast<Lanes*>(p);
}

// Takes the parts along `directions` orthonormal vectors u out of `together` vectors v. What is
// loaded serves each of them, in both of its loops.
TWOSTEP_VECTORISED
void project_out(const double* __restrict u, double* __restrict v, std::size_t length) {
  Lanes sums[directions][together] = {};
  const std::size_t whole = length - length % lanes;
  for (std::size_t i = 0; i < whole; i += lanes) {
#pragma GCC unroll 4
    for (std::size_t j = 0; j < together; ++j) {
      const Lanes w = at(v + j * length + i);
#pragma GCC unroll 4
      for (std::size_t k = 0; k < directions; ++k) {
        sums[k][j] += at(u + k * length + i) * w;
      }
    }
  }
  double along[directions][together];
  for (std::size_t k = 0; k < directions; ++k) {
    for (std::size_t j = 0; j < together; ++j) {
      double sum = 0;
      for (std::size_t i = 0; i < lanes; ++i) {
        sum += sums[k][j][i];
      }
      for (std::size_t i = whole; i < length; ++i) {
        sum += u[k * length + i] * v[j * length + i];
      }
      along[k][j] = sum;
    }
  }
  for (std::size_t i = 0; i < whole; i += lanes) {
    const Lanes a = at(u + i);
    const Lanes b = at(u + length + i);
    const Lanes c = at(u + 2 * length + i);
    const Lanes d = at(u + 3 * length + i);
#pragma GCC unroll 4
    for (std::size_t j = 0; j < together; ++j) {
      at(v + j * length + i) -=
          (along[0][j] * a + along[1][j] * b) + (along[2][j] * c + along[3][j] * d);
    }
  }
  for (std::size_t i = whole; i < length; ++i) {
    for (std::size_t j = 0; j < together; ++j) {
      for (std::size_t k = 0; k < directions; ++k) {
        v[j * length + i] -= along[k][j] * u[k * length + i];
      }
    }
  }
}

TWOSTEP_VECTORISED
double dot(const double* a, const double* b, std::size_t n) {
  Lanes sums[4] = {};
  std::size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k) {
      sums[k] += at(a + i + k * lanes) * at(b + i + k * lanes);
    }
  }
  const Lanes all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  double sum = 0;
  for (std::size_t k = 0; k < lanes; ++k) {
    sum += all[k];
  }
  for (; i < n; ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

// One direction out of one vector.
TWOSTEP_VECTORISED
void subtract(double factor, const double* __restrict from, double* __restrict to, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    to[i] -= factor * from[i];
  }
}

TWOSTEP_VECTORISED
void multiply(double* values, std::size_t n, double factor) {
  for (std::size_t i = 0; i < n; ++i) {
    values[i] *= factor;
  }
}

}  // namespace

void make_orthonormal(std::span<double> vectors, std::size_t count, std::size_t length) {
  TWOSTEP_REQUIRE(count <= length && vectors.size() == count * length);
  static_assert(block % directions == 0 && block % together == 0);
  const auto vector = [&](std::size_t i) { return vectors.data() + i * length; };
  const auto norm = [&](std::size_t i) { return std::sqrt(dot(vector(i), vector(i), length)); };
  const auto project = [&](std::size_t i, std::size_t first) {
    for (std::size_t u = first; u < i; ++u) {
      subtract(dot(vector(i), vector(u), length), vector(u), vector(i), length);
    }
  };
  for (std::size_t first = 0; first < count; first += block) {
    const std::size_t end = std::min(first + block, count);
    const std::size_t grouped = end - (end - first) % together;
    std::array<double, block> before{};
    for (std::size_t i = first; i < end; ++i) {
      before[i - first] = norm(i);
    }
    for (std::size_t u = 0; u < first; u += directions) {
      for (std::size_t i = first; i < grouped; i += together) {
        project_out(vector(u), vector(i), length);
      }
    }
    for (std::size_t i = first; i < end; ++i) {
      project(i, i < grouped ? first : 0);
      double left = norm(i);
      if (left < kept * before[i - first]) {
        multiply(vector(i), length, 1 / left);
        project(i, 0);
        left = norm(i);
      }
      multiply(vector(i), length, 1 / left);
    }
  }
}

}  // namespace twostep
