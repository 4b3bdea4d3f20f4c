#include "twostep/study/value.hpp"

#include <bit>
#include <charconv>
#include <cmath>

namespace twostep {
namespace {

constexpr std::uint64_t fnv_offset = 0xcbf29ce484222325ULL;
constexpr std::uint64_t fnv_prime = 0x100000001b3ULL;

void mix_bytes(std::uint64_t& hash, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < size; ++i) {
    hash = (hash ^ bytes[i]) * fnv_prime;
  }
}

void mix_word(std::uint64_t& hash, std::uint64_t word) {
  mix_bytes(hash, &word, sizeof word);
}

}  // namespace

bool is_active(const Value& value) {
  return !std::holds_alternative<std::monostate>(value);
}

std::string to_text(const Value& value) {
  if (const auto* b = std::get_if<bool>(&value)) {
    return *b ? "true" : "false";
  }
  if (const auto* i = std::get_if<std::int64_t>(&value)) {
    return std::to_string(*i);
  }
  if (const auto* d = std::get_if<double>(&value)) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, *d);
    return {text, end.ptr};
  }
  if (const auto* s = std::get_if<std::string>(&value)) {
    return *s;
  }
  return "";
}

std::uint64_t fingerprint(const Point& point) {
  std::uint64_t hash = fnv_offset;
  for (const Value& value : point.values) {
    mix_word(hash, value.index());
    if (const auto* b = std::get_if<bool>(&value)) {
      mix_word(hash, *b ? 1 : 0);
    } else if (const auto* i = std::get_if<std::int64_t>(&value)) {
      mix_word(hash, static_cast<std::uint64_t>(*i));
    } else if (const auto* d = std::get_if<double>(&value)) {
      mix_word(hash, std::bit_cast<std::uint64_t>(*d == 0.0 ? 0.0 : *d));
    } else if (const auto* s = std::get_if<std::string>(&value)) {
      mix_word(hash, s->size());
      mix_bytes(hash, s->data(), s->size());
    }
  }
  return hash;
}

}  // namespace twostep
