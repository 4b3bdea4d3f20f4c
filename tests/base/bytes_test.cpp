#include "twostep/base/bytes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

TEST(Crc32c, ReproducesRfc3720) {
  EXPECT_EQ(crc32c(std::string_view("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  std::string ascending;
  for (int i = 0; i < 32; ++i) {
    ascending += static_cast<char>(i);
  }
  EXPECT_EQ(crc32c(ascending), 0x46DD794EU);
}

Bytes sample() {
  ByteWriter w;
  w.u8(7);
  w.u32(0xdeadbeef);
  w.u64(~0ULL);
  w.i64(-5);
  w.f64(std::numeric_limits<double>::quiet_NaN());
  w.text("naïve");
  w.f32s(std::vector<float>{1.5F, -0.0F});
  w.f64s(std::vector<double>{});
  return w.take();
}

TEST(Bytes, ReadBackWhatWasWritten) {
  const Bytes bytes = sample();
  ByteReader r(bytes);
  EXPECT_EQ(r.u8(), 7);
  EXPECT_EQ(r.u32(), 0xdeadbeefU);
  EXPECT_EQ(r.u64(), ~0ULL);
  EXPECT_EQ(r.i64(), -5);
  EXPECT_TRUE(std::isnan(r.f64()));
  EXPECT_EQ(r.text(), "naïve");
  EXPECT_EQ(r.f32s(), (std::vector<float>{1.5F, -0.0F}));
  EXPECT_TRUE(r.f64s().empty());
  EXPECT_NO_THROW(r.expect_end());
}

TEST(Bytes, EveryTruncationIsNoticed) {
  const Bytes bytes = sample();
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    ByteReader r(std::span<const std::byte>(bytes).first(n));
    EXPECT_THROW(
        {
          r.u8();
          r.u32();
          r.u64();
          r.i64();
          r.f64();
          r.text();
          r.f32s();
          r.f64s();
        },
        Error)
        << n;
  }
}

TEST(Bytes, AHugeLengthAllocatesNothing) {
  ByteWriter w;
  w.u64(~0ULL / 8);
  const Bytes bytes = w.take();
  EXPECT_THROW(ByteReader(bytes).text(), Error);
  EXPECT_THROW(ByteReader(bytes).f64s(), Error);
}

TEST(Error, NamesTheNearestWord) {
  EXPECT_EQ(nearest("trails", {"seed", "trials", "directory"}), "trials");
  EXPECT_EQ(nearest("batchsize", {"batch_size", "budget"}), "batch_size");
  EXPECT_EQ(nearest("xyz", {"trials", "seed"}), "");
}

TEST(Error, ExitCodesAreAsDocumented) {
  EXPECT_EQ(exit_code(ErrorKind::usage), 2);
  EXPECT_EQ(exit_code(ErrorKind::config), 3);
  EXPECT_EQ(exit_code(ErrorKind::data), 4);
  EXPECT_EQ(exit_code(ErrorKind::study), 5);
  EXPECT_EQ(exit_code(ErrorKind::io), 6);
  EXPECT_EQ(exit_code(ErrorKind::resources), 7);
  EXPECT_EQ(exit_code(ErrorKind::trial), 8);
  EXPECT_EQ(exit_code(ErrorKind::internal), 1);
}

}  // namespace
}  // namespace twostep
