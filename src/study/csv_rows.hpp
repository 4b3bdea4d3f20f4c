// The rows of a table as RFC 4180 writes it, one after the other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace twostep {

// Line ends are LF, CRLF or CR; a byte-order mark and blank lines are passed over; spaces and tabs
// around a cell without quotes are not part of it.
class CsvRows {
 public:
  // `source`: what messages call the text. Error{config} for one that is not UTF-8 (UTF-16, say).
  CsvRows(std::string_view text, std::string source);
  // The next row; false: there is none. Error{config} with the line where quotes are wrong.
  [[nodiscard]] bool next();
  [[nodiscard]] const std::vector<std::string>& cells() const { return cells_; }
  // "source:line" of where the row begins.
  [[nodiscard]] std::string where() const;

 private:
  std::string_view text_;
  std::string source_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;  // of at_
  std::size_t begun_ = 1;
  std::vector<std::string> cells_;

  [[nodiscard]] bool at_line_end() const;
  void pass_line_end();
  void read_row();
  [[nodiscard]] std::string quoted_cell();
  [[nodiscard]] std::string plain_cell();
};

}  // namespace twostep
