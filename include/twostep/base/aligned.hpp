// Vectors of floats that begin on a cache line: the vector units load lines whole, and a load that
// straddles two costs twice.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace twostep {

template <class T>
struct CacheAligned {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};
  CacheAligned() = default;
  template <class U>
  CacheAligned(const CacheAligned<U>&) {}
  [[nodiscard]] T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new(n * sizeof(T), alignment));
  }
  void deallocate(T* p, std::size_t) { ::operator delete(p, alignment); }
  friend bool operator==(CacheAligned, CacheAligned) { return true; }
};

using AlignedFloats = std::vector<float, CacheAligned<float>>;

[[nodiscard]] inline AlignedFloats aligned(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

}  // namespace twostep
