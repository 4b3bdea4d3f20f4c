// Appends JSON text piece by piece: the journal is written on the path of every dispatch, where
// building a document tree first would cost more than the file.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "twostep/base/utf8.hpp"

namespace twostep {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void open_object() { open('{'); }
  void close_object() { close('}'); }
  void open_array() { open('['); }
  void close_array() { close(']'); }
  void key(std::string_view name) {
    comma();
    quote(name);
    out_ += ':';
    first_ = true;
  }
  void text(std::string_view v) {
    comma();
    quote(v);
  }
  void integer(std::int64_t v) {
    comma();
    number(v);
  }
  void natural(std::uint64_t v) {
    comma();
    number(v);
  }
  void boolean(bool v) {
    comma();
    out_ += v ? "true" : "false";
  }
  void null() {
    comma();
    out_ += "null";
  }
  // Shortest form that reads back to the same bits; what JSON has no number for becomes a string.
  void real(double v) {
    comma();
    if (std::isfinite(v)) {
      number(v);
    } else {
      out_ += std::isnan(v) ? "\"nan\"" : v > 0 ? "\"inf\"" : "\"-inf\"";
    }
  }

 private:
  std::string& out_;
  bool first_ = true;

  void comma() {
    if (!first_) {
      out_ += ',';
    }
    first_ = false;
  }
  void open(char c) {
    comma();
    out_ += c;
    first_ = true;
  }
  void close(char c) {
    out_ += c;
    first_ = false;
  }
  template <class T>
  void number(T v) {
    char text[40];
    const auto end = std::to_chars(text, text + sizeof text, v).ptr;
    out_.append(text, end);
  }
  void quote(std::string_view v) {
    out_ += '"';
    while (!v.empty()) {
      const char c = v.front();
      const auto u = static_cast<unsigned char>(c);
      std::size_t taken = 1;
      if (u >= 0x80) {
        taken = utf8_length(v);
        if (taken == 0) {  // seldom: what a program or a host says is made good where it comes in
          return quote_rest(as_utf8(v));
        }
        out_ += v.substr(0, taken);
      } else if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (u < 0x20) {
        constexpr char hex[] = "0123456789abcdef";
        out_ += "\\u00";
        out_ += hex[u >> 4];
        out_ += hex[u & 15];
      } else {
        out_ += c;
      }
      v.remove_prefix(taken);
    }
    out_ += '"';
  }
  void quote_rest(const std::string& well_formed) {
    const std::size_t begun = out_.size();
    quote(well_formed);
    out_.erase(begun, 1);  // its opening sign
  }
};

}  // namespace twostep
