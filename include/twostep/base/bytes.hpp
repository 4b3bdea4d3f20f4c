// A compact binary encoding for messages and checkpoints: little-endian fixed-width fields,
// length-prefixed strings and arrays. Decoding never trusts a length: reading past the end throws
// Error{internal} instead of touching memory, and no allocation exceeds the bytes at hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace twostep {

using Bytes = std::vector<std::byte>;

class ByteWriter {
 public:
  void u8(std::uint8_t v);
  void u32(std::uint32_t v);
  void u64(std::uint64_t v);
  void i64(std::int64_t v);
  void f64(double v);
  void text(std::string_view v);
  void f32s(std::span<const float> v);
  void f64s(std::span<const double> v);
  void raw(std::span<const std::byte> v);  // length-prefixed
  void bytes(std::span<const std::byte> v) { bytes_.insert(bytes_.end(), v.begin(), v.end()); }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}
  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t i64();
  double f64();
  std::string text();
  std::vector<float> f32s();
  std::vector<double> f64s();
  Bytes raw();
  // A count of elements that take at least `element_bytes` each; throws if more than the rest can
  // hold.
  std::size_t count(std::size_t element_bytes);
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  void expect_end() const;  // throws if bytes are left

 private:
  std::span<const std::byte> rest_;
  std::span<const std::byte> take(std::size_t n);
};

// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept;
[[nodiscard]] std::uint32_t crc32c(std::string_view text) noexcept;

}  // namespace twostep
