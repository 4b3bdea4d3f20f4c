#include "twostep/base/rng.hpp"

#include <bit>
#include <cmath>
#include <numbers>

#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

constexpr std::uint32_t lo32(std::uint64_t v) {
  return static_cast<std::uint32_t>(v);
}
constexpr std::uint32_t hi32(std::uint64_t v) {
  return static_cast<std::uint32_t>(v >> 32);
}

constexpr double to_unit(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

constexpr std::size_t lanes = 16;

// Philox4x32-10 of `lanes` counters (index, lane 0, purpose) side by side; the first word of each.
TWOSTEP_VECTORISED
void fill_lanes(std::uint64_t first, std::uint32_t purpose, std::uint32_t k0, std::uint32_t k1,
                std::uint64_t* out) {
  // 32-bit values in 64-bit lanes, as the widening multiplication wants them.
  std::uint64_t c0[lanes];
  std::uint64_t c1[lanes];
  std::uint64_t c2[lanes];
  std::uint64_t c3[lanes];
  for (std::size_t i = 0; i < lanes; ++i) {
    c0[i] = lo32(first + i);
    c1[i] = hi32(first + i);
    c2[i] = 0;
    c3[i] = purpose;
  }
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < lanes; ++i) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * (c0[i] & 0xFFFFFFFF);
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * (c2[i] & 0xFFFFFFFF);
      c0[i] = (p1 >> 32) ^ c1[i] ^ k0;
      c1[i] = p1 & 0xFFFFFFFF;
      c2[i] = (p0 >> 32) ^ c3[i] ^ k1;
      c3[i] = p0 & 0xFFFFFFFF;
    }
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  for (std::size_t i = 0; i < lanes; ++i) {
    out[i] = (c1[i] << 32) | c0[i];
  }
}

// The finalising mixer of MurmurHash3: a bijection of 64 bits with good avalanche.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdULL;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c,
                                        std::array<std::uint32_t, 2> k) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {hi32(p1) ^ c[1] ^ k[0], lo32(p1), hi32(p0) ^ c[3] ^ k[1], lo32(p0)};
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  return c;
}

Rng::Rng(std::uint64_t seed, Purpose purpose, std::uint64_t a, std::uint64_t b) noexcept
    : key_{}, purpose_(static_cast<std::uint32_t>(purpose)) {
  const auto first = philox4x32({lo32(a), hi32(a), lo32(b), hi32(b)}, {lo32(seed), hi32(seed)});
  key_ = {first[0] ^ first[2], first[1] ^ first[3]};
}

std::array<std::uint64_t, 2> Rng::block(std::uint64_t index, std::uint32_t lane) const noexcept {
  const auto r = philox4x32({lo32(index), hi32(index), lane, purpose_}, key_);
  return {(std::uint64_t{r[1]} << 32) | r[0], (std::uint64_t{r[3]} << 32) | r[2]};
}

std::uint64_t Rng::bits(std::uint64_t index, std::uint32_t lane) const noexcept {
  return block(index, lane)[0];
}

void Rng::bits(std::uint64_t first, std::span<std::uint64_t> out) const noexcept {
  std::size_t i = 0;
  for (; i + lanes <= out.size(); i += lanes) {
    fill_lanes(first + i, purpose_, key_[0], key_[1], &out[i]);
  }
  for (; i < out.size(); ++i) {
    out[i] = bits(first + i);
  }
}

double Rng::uniform(std::uint64_t index, std::uint32_t lane) const noexcept {
  return to_unit(bits(index, lane));
}

double Rng::normal(std::uint64_t index, std::uint32_t lane) const noexcept {
  const auto words = block(index, lane);
  const double radius = std::sqrt(-2.0 * std::log1p(-to_unit(words[0])));
  return radius * std::cos(2.0 * std::numbers::pi * to_unit(words[1]));
}

std::uint64_t Rng::below(std::uint64_t n, std::uint64_t index, std::uint32_t lane) const noexcept {
  TWOSTEP_REQUIRE(n >= 1);
  return scale(bits(index, lane), n);
}

Permutation::Permutation(std::uint64_t n, const Rng& rng)
    : n_(n), half_bits_(0), mask_(0), keys_{} {
  TWOSTEP_REQUIRE(n >= 1 && n <= (std::uint64_t{1} << 62));
  const auto bits = static_cast<std::uint32_t>(std::bit_width(n - 1));
  half_bits_ = bits < 2 ? 1 : (bits + 1) / 2;
  mask_ = (std::uint64_t{1} << half_bits_) - 1;
  for (int i = 0; i < rounds; ++i) {
    keys_[i] = rng.bits(i, 0xFE157E1U);
  }
}

std::uint64_t Permutation::forward(std::uint64_t x) const noexcept {
  std::uint64_t left = x >> half_bits_;
  std::uint64_t right = x & mask_;
  for (const std::uint64_t key : keys_) {
    const std::uint64_t next = left ^ (mix(right ^ key) & mask_);
    left = right;
    right = next;
  }
  return (left << half_bits_) | right;
}

std::uint64_t Permutation::backward(std::uint64_t x) const noexcept {
  std::uint64_t left = x >> half_bits_;
  std::uint64_t right = x & mask_;
  for (int i = rounds - 1; i >= 0; --i) {
    const std::uint64_t previous = right ^ (mix(left ^ keys_[i]) & mask_);
    right = left;
    left = previous;
  }
  return (left << half_bits_) | right;
}

std::uint64_t Permutation::at(std::uint64_t position) const noexcept {
  TWOSTEP_REQUIRE(position < n_);
  std::uint64_t x = forward(position);
  while (x >= n_) {
    x = forward(x);
  }
  return x;
}

std::uint64_t Permutation::position_of(std::uint64_t element) const noexcept {
  TWOSTEP_REQUIRE(element < n_);
  std::uint64_t x = backward(element);
  while (x >= n_) {
    x = backward(x);
  }
  return x;
}

}  // namespace twostep
