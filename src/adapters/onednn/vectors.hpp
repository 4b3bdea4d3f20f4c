// Vectors of floats, and their way from and to anywhere in memory.
#pragma once

#include <cstddef>

namespace twostep::onednn {

template <std::size_t Lanes>
using Vector [[gnu::vector_size(Lanes * sizeof(float))]] = float;

// clang drops the alignment of a vector type that depends on a template's parameter, not a class's.
template <std::size_t Lanes>
struct [[gnu::packed, gnu::may_alias]] Unaligned {
  Vector<Lanes> value;
};

template <std::size_t Lanes>
[[gnu::always_inline]] inline Vector<Lanes> load(const float* from) {
  return reinterpret_cast<const Unaligned<Lanes>*>(from)->value;
}

template <std::size_t Lanes>
[[gnu::always_inline]] inline void store(float* to, const Vector<Lanes>& value) {
  reinterpret_cast<Unaligned<Lanes>*>(to)->value = value;
}

}  // namespace twostep::onednn
