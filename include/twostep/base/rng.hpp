// Counter-based random numbers: every number is a pure function of (study seed, purpose, a, b,
// index, lane), so any trial can be repeated on any rank, after any crash, in any order. Generator:
// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11),
// checked against its published vectors. Distributions are the project's own: the standard
// library's differ between implementations.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace twostep {

// Philox4x32-10 itself. Known-answer vectors are in tests/base/rng_test.cpp.
[[nodiscard]] std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                      std::array<std::uint32_t, 2> key) noexcept;

// What a number is for; part of the key, so streams of different purposes never meet. Never
// renumber.
enum class Purpose : std::uint32_t {
  split = 1,
  subset = 2,
  search = 3,
  initialise = 4,
  shuffle = 5,
  dropout = 6,
  noise = 7,
  scramble = 8,
  simulation = 9,
  generate = 10,
  promotion = 11,
};

class Rng {
 public:
  // a, b: whatever identifies the stream, for example trial and repeat.
  Rng(std::uint64_t seed, Purpose purpose, std::uint64_t a = 0, std::uint64_t b = 0) noexcept;

  // Two 64-bit words per (index, lane).
  [[nodiscard]] std::array<std::uint64_t, 2> block(std::uint64_t index,
                                                   std::uint32_t lane = 0) const noexcept;
  [[nodiscard]] std::uint64_t bits(std::uint64_t index, std::uint32_t lane = 0) const noexcept;
  // out[i] = bits(first + i), several at a time: what a long walk through a stream costs least.
  void bits(std::uint64_t first, std::span<std::uint64_t> out) const noexcept;
  // In [0, 1), 53 bits.
  [[nodiscard]] double uniform(std::uint64_t index, std::uint32_t lane = 0) const noexcept;
  // Standard normal (Box-Muller, both words of one block; deterministic given libm).
  [[nodiscard]] double normal(std::uint64_t index, std::uint32_t lane = 0) const noexcept;
  // Uniform in [0, n), n >= 1; Lemire's multiply-shift on 64 bits (bias below n / 2^64).
  [[nodiscard]] std::uint64_t below(std::uint64_t n, std::uint64_t index,
                                    std::uint32_t lane = 0) const noexcept;
  // Many at a time. words: the blocks of lanes `lane`, `lane` + 1, ... as 32-bit words, four of a
  // block, the low half of its first 64 bits first. normals: Box and Muller on each two of these
  // words, (-2 ln((w0 + 1/2) / 2^32))^(1/2) times the cosine, then the sine of 2 pi w1 / 2^32, in
  // single precision.
  void words(std::uint64_t index, std::uint32_t lane, std::span<std::uint32_t> out) const noexcept;
  void normals(std::uint64_t index, std::uint32_t lane, std::span<float> out) const noexcept;

  // The number below n that a word of bits() stands for.
  [[nodiscard]] static std::uint64_t scale(std::uint64_t word, std::uint64_t n) noexcept {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((Wide{word} * n) >> 64);
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint32_t purpose_;
};

// A keyed bijection of [0, n): memory O(1), so the rows of a data set of any size can be ranked,
// split and sampled without a table, exactly and nested (the first m positions are a sample of m
// rows). Balanced Feistel network over the next even power of two, round function from
// Philox-derived keys, cycle walking (Black and Rogaway, "Ciphers with arbitrary finite domains",
// CT-RSA 2002).
class Permutation {
 public:
  Permutation(std::uint64_t n, const Rng& rng);  // n >= 1
  [[nodiscard]] std::uint64_t size() const noexcept { return n_; }
  [[nodiscard]] std::uint64_t at(std::uint64_t position) const noexcept;  // position -> element
  [[nodiscard]] std::uint64_t position_of(std::uint64_t element) const noexcept;  // the inverse

 private:
  static constexpr int rounds = 6;
  std::uint64_t n_;
  std::uint32_t half_bits_;
  std::uint64_t mask_;
  std::array<std::uint64_t, rounds> keys_;
  [[nodiscard]] std::uint64_t forward(std::uint64_t x) const noexcept;
  [[nodiscard]] std::uint64_t backward(std::uint64_t x) const noexcept;
};

}  // namespace twostep
