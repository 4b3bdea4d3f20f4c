#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "twostep/base/rng.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

constexpr std::size_t width = 16;  // blocks at a time
constexpr std::size_t chunk = 4 * width;

struct Start {
  std::uint64_t index;
  std::uint32_t purpose;
  std::array<std::uint32_t, 2> key;
};

// Philox4x32-10 of `width` neighbouring lanes; out: [width][4].
TWOSTEP_VECTORISED
void fill_words(const Start& start, std::uint32_t lane, std::uint32_t* __restrict out) {
  std::uint32_t a[width];
  std::uint32_t b[width];
  std::uint32_t c[width];
  std::uint32_t d[width];
  for (std::size_t i = 0; i < width; ++i) {
    a[i] = static_cast<std::uint32_t>(start.index);
    b[i] = static_cast<std::uint32_t>(start.index >> 32);
    c[i] = lane + static_cast<std::uint32_t>(i);
    d[i] = start.purpose;
  }
  std::uint32_t k0 = start.key[0];
  std::uint32_t k1 = start.key[1];
  for (int round = 0; round < 10; ++round) {
#if !defined(__clang__)
#pragma GCC unroll 1  // vectors of blocks, not an unrolled loop over them
#endif
    for (std::size_t i = 0; i < width; ++i) {
      const std::uint64_t p = std::uint64_t{0xD2511F53} * a[i];
      const std::uint64_t q = std::uint64_t{0xCD9E8D57} * c[i];
      a[i] = static_cast<std::uint32_t>(q >> 32) ^ b[i] ^ k0;
      b[i] = static_cast<std::uint32_t>(q);
      c[i] = static_cast<std::uint32_t>(p >> 32) ^ d[i] ^ k1;
      d[i] = static_cast<std::uint32_t>(p);
    }
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  for (std::size_t i = 0; i < width; ++i) {
    out[4 * i] = a[i];
    out[4 * i + 1] = b[i];
    out[4 * i + 2] = c[i];
    out[4 * i + 3] = d[i];
  }
}

// ln((w + 1/2) / 2^32) = e ln 2 + 2 artanh((m - 1) / (m + 1)), m in [1/sqrt 2, sqrt 2), whose
// series needs four terms after the first; close to 1 the distance from it is taken from the word
// itself.
inline float log_of_word(std::uint32_t w) {
  const float u = (static_cast<float>(w) + 0.5F) * 0x1p-32F;
  const auto bits = std::bit_cast<std::uint32_t>(u);
  const std::uint32_t shifted = bits + (0x3f800000U - 0x3f3504f3U);
  const auto e = static_cast<std::int32_t>(shifted >> 23) - 127;
  const float m = std::bit_cast<float>((shifted & 0x007fffffU) + 0x3f3504f3U);
  const float below_one = (static_cast<float>(~w) + 0.5F) * 0x1p-32F;
  const float distance = e == 0 ? -below_one : m - 1.0F;
  const float s = distance / (m + 1.0F);
  const float t = s * s;
  const float series =
      1.0F + t * (1.0F / 3.0F + t * (1.0F / 5.0F + t * (1.0F / 7.0F + t * (1.0F / 9.0F))));
  return static_cast<float>(e) * std::numbers::ln2_v<float> + 2.0F * s * series;
}

TWOSTEP_VECTORISED
void to_normals(const std::uint32_t* __restrict words, float* __restrict out) {
  float cosines[chunk / 2];
  float sines[chunk / 2];
  for (std::size_t i = 0; i < chunk / 2; ++i) {
    const float radius = std::sqrt(-2.0F * log_of_word(words[2 * i]));
    // The angle as quarter turns and a rest within an eighth of a turn either way.
    const std::uint32_t turn = words[2 * i + 1];
    const std::uint32_t quarter = (turn + 0x20000000U) >> 30;
    const auto rest = static_cast<std::int32_t>(turn - (quarter << 30));
    const float x = static_cast<float>(rest) * (std::numbers::pi_v<float> * 0x1p-31F);
    const float t = x * x;
    const float s =
        x * (1.0F + t * (-1.0F / 6 + t * (1.0F / 120 + t * (-1.0F / 5040 + t * (1.0F / 362880)))));
    const float c = 1.0F + t * (-0.5F + t * (1.0F / 24 + t * (-1.0F / 720 + t * (1.0F / 40320))));
    const bool odd = (quarter & 1U) != 0;
    const float cosine = odd ? s : c;
    const float sine = odd ? c : s;
    cosines[i] = radius * (((quarter + 1U) & 2U) != 0 ? -cosine : cosine);
    sines[i] = radius * ((quarter & 2U) != 0 ? -sine : sine);
  }
  for (std::size_t i = 0; i < chunk / 2; ++i) {
    out[2 * i] = cosines[i];
    out[2 * i + 1] = sines[i];
  }
}

}  // namespace

void Rng::words(std::uint64_t index, std::uint32_t lane,
                std::span<std::uint32_t> out) const noexcept {
  const Start start{index, purpose_, key_};
  std::uint32_t room[chunk];
  for (std::size_t at = 0; at < out.size(); at += chunk, lane += width) {
    const std::size_t n = std::min(chunk, out.size() - at);
    fill_words(start, lane, n == chunk ? &out[at] : room);
    if (n < chunk) {
      std::copy_n(room, n, &out[at]);
    }
  }
}

void Rng::normals(std::uint64_t index, std::uint32_t lane, std::span<float> out) const noexcept {
  const Start start{index, purpose_, key_};
  std::uint32_t drawn[chunk];
  float room[chunk];
  for (std::size_t at = 0; at < out.size(); at += chunk, lane += width) {
    fill_words(start, lane, drawn);
    to_normals(drawn, room);
    std::copy_n(room, std::min(chunk, out.size() - at), &out[at]);
  }
}

}  // namespace twostep
