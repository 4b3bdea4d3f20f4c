// Orthonormal vectors of many elements at the price of a few ways through them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "twostep/base/rng.hpp"

namespace twostep {

// A random orthogonal matrix H D3 H D2 H D1 of `length` >= 8: H is Hadamard's matrix over
// its norm, D are diagonals of random signs (Yu, Suresh, Choromanski, Holtmann-Rice, Kumar,
// "Orthogonal random features", NeurIPS 2016, section 4: it stands in for a uniformly distributed
// one). Where the length is no power of two, each step transforms the first 2^k elements and then,
// with signs of their own, the last 2^k, and replaces element i and i + length / 2 (rounded up) by
// their sum and difference over sqrt(2), which joins parts that overlap little.
class HadamardRotation {
 public:
  HadamardRotation(std::size_t length, const Rng& rng, std::uint64_t index);
  // Its column i < length; out: [length].
  void column(std::size_t i, std::span<float> out) const;

 private:
  std::size_t length_;
  std::size_t part_;            // 2^k, the greatest that is at most the length
  std::vector<float> factors_;  // [transforms][1 or 2][part]: signs over H's norm
};

}  // namespace twostep
