#include "twostep/base/bytes.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

static_assert(std::endian::native == std::endian::little, "the encoding is little-endian");

template <class T>
void append(Bytes& bytes, const T* values, std::size_t count) {
  if (count == 0) {
    return;
  }
  const auto* first = reinterpret_cast<const std::byte*>(values);
  bytes.insert(bytes.end(), first, first + count * sizeof(T));
}

template <class T>
std::vector<T> to_vector(std::span<const std::byte> bytes) {
  std::vector<T> out(bytes.size() / sizeof(T));
  if (!out.empty()) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
  }
  return out;
}

template <class T>
T to_value(std::span<const std::byte> bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

[[noreturn]] void malformed(const char* why) {
  throw Error(ErrorKind::internal, Problem{"", "malformed binary message", why, ""});
}

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int k = 0; k < 8; ++k) {
      c = (c & 1) ? (c >> 1) ^ 0x82F63B78U : c >> 1;
    }
    table[i] = c;
  }
  return table;
}();

}  // namespace

void ByteWriter::u8(std::uint8_t v) {
  append(bytes_, &v, 1);
}
void ByteWriter::u32(std::uint32_t v) {
  append(bytes_, &v, 1);
}
void ByteWriter::u64(std::uint64_t v) {
  append(bytes_, &v, 1);
}
void ByteWriter::i64(std::int64_t v) {
  append(bytes_, &v, 1);
}
void ByteWriter::f64(double v) {
  append(bytes_, &v, 1);
}
void ByteWriter::text(std::string_view v) {
  u64(v.size());
  append(bytes_, v.data(), v.size());
}
void ByteWriter::f32s(std::span<const float> v) {
  u64(v.size());
  append(bytes_, v.data(), v.size());
}
void ByteWriter::f64s(std::span<const double> v) {
  u64(v.size());
  append(bytes_, v.data(), v.size());
}
void ByteWriter::raw(std::span<const std::byte> v) {
  u64(v.size());
  append(bytes_, v.data(), v.size());
}

std::span<const std::byte> ByteReader::take(std::size_t n) {
  if (n > rest_.size()) {
    malformed("it ends in the middle of a field");
  }
  const auto part = rest_.first(n);
  rest_ = rest_.subspan(n);
  return part;
}

std::uint8_t ByteReader::u8() {
  return to_value<std::uint8_t>(take(1));
}
std::uint32_t ByteReader::u32() {
  return to_value<std::uint32_t>(take(4));
}
std::uint64_t ByteReader::u64() {
  return to_value<std::uint64_t>(take(8));
}
std::int64_t ByteReader::i64() {
  return to_value<std::int64_t>(take(8));
}
double ByteReader::f64() {
  return to_value<double>(take(8));
}

std::size_t ByteReader::count(std::size_t element_bytes) {
  const std::uint64_t n = u64();
  if (n > rest_.size() / element_bytes) {
    malformed("a length exceeds the message");
  }
  return static_cast<std::size_t>(n);
}

std::string ByteReader::text() {
  const auto part = take(count(1));
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}
std::vector<float> ByteReader::f32s() {
  return to_vector<float>(take(count(4) * 4));
}
std::vector<double> ByteReader::f64s() {
  return to_vector<double>(take(count(8) * 8));
}
Bytes ByteReader::raw() {
  const auto part = take(count(1));
  return {part.begin(), part.end()};
}

void ByteReader::expect_end() const {
  if (!rest_.empty()) {
    malformed("bytes are left behind its last field");
  }
}

std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::byte b : bytes) {
    crc = crc_table[(crc ^ static_cast<std::uint32_t>(b)) & 0xFFU] ^ (crc >> 8);
  }
  return ~crc;
}

std::uint32_t crc32c(std::string_view text) noexcept {
  return crc32c(std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace twostep
