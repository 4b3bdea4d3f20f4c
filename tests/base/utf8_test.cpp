#include "twostep/base/utf8.hpp"

#include <gtest/gtest.h>

namespace twostep {
namespace {

const std::string mark = "\xEF\xBF\xBD";

TEST(Utf8, KeepsWhatIsWellFormed) {
  for (const std::string text :
       {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF",
        "\xED\x9F\xBF\xEE\x80\x80", "\xF4\x8F\xBF\xBF", "a\x7F\xC2\x80z"}) {
    EXPECT_EQ(as_utf8(text), text);
    if (!text.empty()) {
      EXPECT_GT(utf8_length(text), 0U);
    }
  }
  EXPECT_EQ(as_utf8(std::string_view("a\0b", 3)), std::string("a\0b", 3));
}

// Tables 3-8 to 3-11 of the standard.
TEST(Utf8, ReplacesMaximalSubparts) {
  const auto marks = [](int n) {
    std::string out;
    while (n-- > 0) {
      out += mark;
    }
    return out;
  };
  EXPECT_EQ(as_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), marks(8) + "A");
  EXPECT_EQ(as_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"), marks(8) + "A");
  EXPECT_EQ(as_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"), marks(5) + "A" + marks(2) + "B");
  EXPECT_EQ(as_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), marks(4) + "A");
}

TEST(Utf8, NoTwoBytesAreWorseAfterwards) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text{static_cast<char>(a), static_cast<char>(b)};
      const std::string good = as_utf8(text);
      EXPECT_EQ(as_utf8(good), good);
      EXPECT_EQ(good == text, good.find(mark) == std::string::npos);
    }
  }
}

}  // namespace
}  // namespace twostep
