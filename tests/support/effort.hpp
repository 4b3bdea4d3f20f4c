// How many random cases a test plays: a quarter of them in builds with sanitizers, which take ten
// times as long for each.
#pragma once

#include <cstdint>

namespace twostep::test {

[[nodiscard]] constexpr std::uint64_t cases(std::uint64_t usual) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return (usual + 3) / 4;
#else
  return usual;
#endif
}

}  // namespace twostep::test
