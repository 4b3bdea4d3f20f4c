// What every fuzz target shares. A target is one program with the entry point of libFuzzer; with
// the preset `fuzz` clang's fuzzer drives it, elsewhere replay_main.cpp feeds it the corpus. A
// target fails by a crash, a sanitizer's finding, or by require.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "twostep/base/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace twostep::fuzz {

inline void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
  }
}

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A journal line around `rest`, which goes from "seq" to the closing brace, with the right
// checksum: else nothing would ever get past it.
inline std::string checksummed(std::string_view rest) {
  char head[32];
  std::snprintf(head, sizeof head, "{\"crc\":\"%08x\",", crc32c(rest));
  return head + std::string(rest);
}

}  // namespace twostep::fuzz
