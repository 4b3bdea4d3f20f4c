#include "study/csv_rows.hpp"

#include <utility>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

[[noreturn]] void refuse_text(const std::string& where, const std::string& what,
                              const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::config, Problem{where, what, why, hint});
}

}  // namespace

CsvRows::CsvRows(std::string_view text, std::string source)
    : text_(text), source_(std::move(source)) {
  if (text_.find('\0') != std::string_view::npos) {
    refuse_text(source_, "not a table of trials",
                "it has zero bytes: another encoding than UTF-8, "
                "or no text",
                "save it as CSV in UTF-8");
  }
  if (text_.starts_with("\xef\xbb\xbf")) {
    at_ = 3;
  }
}

std::string CsvRows::where() const {
  return source_ + ":" + std::to_string(begun_);
}

bool CsvRows::at_line_end() const {
  return at_ == text_.size() || text_[at_] == '\n' || text_[at_] == '\r';
}

void CsvRows::pass_line_end() {
  if (at_ < text_.size()) {
    at_ += text_.substr(at_, 2) == "\r\n" ? 2 : 1;
    ++line_;
  }
}

bool CsvRows::next() {
  while (at_ < text_.size()) {
    read_row();
    if (cells_.size() > 1 || !cells_.front().empty()) {
      return true;
    }
  }
  return false;
}

void CsvRows::read_row() {
  begun_ = line_;
  cells_.clear();
  for (bool more = true; more;) {
    const bool quoted = at_ < text_.size() && text_[at_] == '"';
    cells_.push_back(quoted ? quoted_cell() : plain_cell());
    more = at_ < text_.size() && text_[at_] == ',';
    at_ += more ? 1 : 0;
  }
  pass_line_end();
}

std::string CsvRows::plain_cell() {
  const std::size_t begin = at_;
  while (!at_line_end() && text_[at_] != ',') {
    ++at_;
  }
  const std::string_view cell = text_.substr(begin, at_ - begin);
  const std::size_t first = cell.find_first_not_of(" \t");
  return first == std::string_view::npos
             ? ""
             : std::string(cell.substr(first, cell.find_last_not_of(" \t") - first + 1));
}

std::string CsvRows::quoted_cell() {
  const std::string opened = source_ + ":" + std::to_string(line_);
  std::string out;
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c != '"') {
      out += c;
      line_ += c == '\n' || (c == '\r' && text_.substr(at_, 2) != "\r\n") ? 1 : 0;
    } else if (text_.substr(at_, 2) == "\"\"") {
      out += c;
      ++at_;
    } else {
      ++at_;
      if (!at_line_end() && text_[at_] != ',') {
        refuse_text(opened, "text behind a closing quote",
                    "a cell in quotes ends with a comma or the line's end",
                    "double the quotes inside of a cell");
      }
      return out;
    }
  }
  refuse_text(opened, "a quote that is never closed", "the file may have been cut off",
              "write the file anew, or remove the row");
}

}  // namespace twostep
