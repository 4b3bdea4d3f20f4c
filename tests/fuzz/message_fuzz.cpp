// A message of either direction; what can be read is written again to the same bytes.
#include <algorithm>

#include "fuzz/targets.hpp"
#include "twostep/base/error.hpp"
#include "twostep/control/message.hpp"

using namespace twostep;

namespace {

template <class Decode>
void check(std::span<const std::byte> bytes, Decode&& decode) {
  try {
    const auto message = decode(bytes);
    const Bytes again = encode(message);
    fuzz::require(encode(decode(again)) == again, "a message reads back as it was written");
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  check(bytes, &decode_from_worker);
  check(bytes, &decode_to_worker);
  return 0;
}
