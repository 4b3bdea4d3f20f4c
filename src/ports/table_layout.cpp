#include "twostep/ports/table_layout.hpp"

#include <algorithm>
#include <numeric>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& what, const std::string& why,
                         const std::string& hint) {
  throw Error(ErrorKind::data, Problem{where, what, why, hint});
}

constexpr std::uint64_t most_columns = 1U << 20;

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    out += (out.empty() ? "" : ", ") + (name.empty() ? "(no name)" : name);
  }
  return out;
}

bool named(const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [](const std::string& n) { return !n.empty(); });
}

class LayoutMaker {
 public:
  LayoutMaker(const std::string& where, const std::vector<std::string>& rows,
              const VariableSpec& variable, const ArrayShape& shape)
      : where_(where), rows_(rows), variable_(variable), shape_(shape) {}

  TableLayout make() {
    set_names();
    for (std::size_t i = 0; i < shape_.sizes.size(); ++i) {
      out_.axes.push_back({shape_.sizes[i], TableAxis::no_row, {}});
    }
    rows_.empty() ? take_first_as_rows() : take_listed_rows();
    std::vector<bool> chosen(out_.axes.size(), false);
    for (const LevelSelection& selection : variable_.levels) {
      const std::size_t axis = axis_of(selection);
      pick(selection, axis);
      chosen[axis] = true;
    }
    for (std::size_t i = 0; i < out_.axes.size(); ++i) {
      TableAxis& axis = out_.axes[i];
      if (axis.row == TableAxis::no_row && !chosen[i]) {
        check_width(axis.size);
        axis.picked.resize(axis.size);
        std::iota(axis.picked.begin(), axis.picked.end(), std::uint64_t{0});
      }
    }
    set_columns(chosen);
    return std::move(out_);
  }

 private:
  const std::string& where_;
  const std::vector<std::string>& rows_;
  const VariableSpec& variable_;
  const ArrayShape& shape_;
  std::vector<std::string> names_;  // one per axis, perhaps empty
  TableLayout out_;

  // No network has so many inputs: a row dimension was taken for columns.
  void check_width(std::uint64_t columns) const {
    if (columns > most_columns) {
      refuse(where_, "it has " + std::to_string(columns) + " columns",
             "its shape is " + shape_.text() + "; " + std::to_string(most_columns) +
                 " columns at most can be used",
             "say which of its dimensions are rows with data.rows, or choose `levels`");
    }
  }

  void set_names() {
    const std::size_t rank = shape_.sizes.size();
    names_ = shape_.names;
    names_.resize(rank);
    if (!variable_.dimensions.empty()) {
      names_ = variable_.dimensions;
      if (names_.size() != rank) {
        refuse(where_, "it has " + std::to_string(rank) + " dimensions: " + shape_.text(),
               "the study file names " + std::to_string(names_.size()) + ": " + listed(names_),
               "name each of them in `dimensions`");
      }
    } else if (!named(names_) && rank == rows_.size()) {
      names_ = rows_;
    }
  }

  void take_first_as_rows() {
    const std::size_t rank = out_.axes.size();
    if (rank != 1 && rank != 2) {
      const std::string hint =
          named(names_) && rank > 0
              ? "say which of its dimensions are rows, as in data.rows: [" + names_.front() + ", " +
                    names_.back() + "]"
              : "name its dimensions, as in {name: " + variable_.name +
                    ", dimensions: [time, lev, ncol]}, and say which of them are rows: data.rows: "
                    "[time, ncol]";
      refuse(where_, "it has " + std::to_string(rank) + " dimensions: " + shape_.text(),
             "without data.rows a variable is [N] or [N, k]: one row per sample",
             rank == 0 ? "it is the same for every row: leave it out" : hint);
    }
    out_.axes[0].row = 0;
    out_.row_sizes = {out_.axes[0].size};
  }

  void take_listed_rows() {
    out_.row_sizes.assign(rows_.size(), 0);
    bool any = false;
    std::vector<bool> seen(rows_.size(), false);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const auto found = std::find(rows_.begin(), rows_.end(), names_[i]);
      if (found == rows_.end() || names_[i].empty()) {
        continue;
      }
      const auto row = static_cast<std::size_t>(found - rows_.begin());
      if (seen[row]) {
        refuse(where_, "it has the dimension " + names_[i] + " twice: " + shape_.text(),
               "a row dimension stands once in a variable", "name them apart with `dimensions`");
      }
      seen[row] = true;
      any = true;
      out_.axes[i].row = row;
      out_.row_sizes[row] = out_.axes[i].size;
    }
    if (!any) {
      refuse_rowless();
    }
  }

  [[noreturn]] void refuse_rowless() const {
    if (!named(names_) && !names_.empty()) {
      refuse(where_, "its dimensions have no names: " + shape_.text(),
             "data.rows (" + listed(rows_) + ") chooses rows by name",
             "name those of an input or target here, {name: " + variable_.name +
                 ", dimensions: [...]}; those of weights or of a split variable in the file, as "
                 "dimension scales");
    }
    std::string hint = "what is the same for every row teaches nothing: leave it out";
    for (const std::string& name : names_) {
      if (!name.empty() && !nearest(name, rows_).empty()) {
        hint = "did data.rows mean " + name + "?";
      }
    }
    refuse(where_, "it has none of the row dimensions " + listed(rows_),
           names_.empty() ? "it is a single number" : "its dimensions are " + listed(names_), hint);
  }

  // Names of the column dimensions.
  [[nodiscard]] std::vector<std::string> column_names() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (out_.axes[i].row == TableAxis::no_row) {
        out.push_back(names_[i]);
      }
    }
    return out;
  }

  [[nodiscard]] std::size_t axis_of(const LevelSelection& selection) const {
    const auto columns = column_names();
    if (selection.dimension.empty()) {
      if (columns.size() != 1) {
        refuse(where_,
               columns.empty() ? "levels are chosen, and all its dimensions are rows"
                               : "levels of which dimension?",
               "it is " + shape_.text(),
               columns.empty() ? "leave out `levels`"
                               : "write levels: {" + (columns[0].empty() ? "lev" : columns[0]) +
                                     ": [0, 5, 10]}");
      }
      for (std::size_t i = 0; i < out_.axes.size(); ++i) {
        if (out_.axes[i].row == TableAxis::no_row) {
          return i;
        }
      }
    }
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] != selection.dimension) {
        continue;
      }
      if (out_.axes[i].row != TableAxis::no_row) {
        refuse(where_, "levels of " + selection.dimension + " are chosen, which is a row dimension",
               "data.rows: " + listed(rows_), "leave it out of `levels`, or of data.rows");
      }
      return i;
    }
    const std::string near = nearest(selection.dimension, columns);
    refuse(where_, "it has no dimension " + selection.dimension, "it is " + shape_.text(),
           near.empty() ? "" : "did you mean " + near + "?");
  }

  void pick(const LevelSelection& selection, std::size_t at) {
    TableAxis& axis = out_.axes[at];
    const std::string name = names_[at].empty() ? "its columns" : names_[at];
    const auto check = [&](std::uint64_t level) {
      if (level >= axis.size) {
        refuse(where_, "level " + std::to_string(level) + " of " + name + " is out of range",
               "there are " + std::to_string(axis.size) + ", numbered from 0",
               axis.size > 0 ? "the last is " + std::to_string(axis.size - 1) : "");
      }
    };
    axis.picked = selection.list;
    if (selection.list.empty()) {
      check(selection.from);
      const bool open = selection.to == LevelSelection::to_the_end;
      if (!open) {
        check(selection.to);
      }
      const std::uint64_t last = open ? axis.size - 1 : selection.to;
      check_width((last - std::min(last, selection.from)) / selection.step);
      for (std::uint64_t i = selection.from; i <= last; i += selection.step) {
        axis.picked.push_back(i);
        if (last - i < selection.step) {
          break;
        }
      }
    }
    for (const std::uint64_t level : axis.picked) {
      check(level);
    }
  }

  // Columns and their labels: "lev=5", or the plain number where a dimension has no name.
  void set_columns(const std::vector<bool>& chosen) {
    std::vector<std::string> labels{""};
    bool plain = rows_.empty();
    for (std::size_t i = 0; i < out_.axes.size(); ++i) {
      const TableAxis& axis = out_.axes[i];
      if (axis.row != TableAxis::no_row) {
        continue;
      }
      plain = plain && !chosen[i];
      if (axis.size == 1 && !chosen[i]) {
        continue;
      }
      check_width(labels.size() * axis.picked.size());
      std::vector<std::string> longer;
      for (const std::string& label : labels) {
        for (const std::uint64_t level : axis.picked) {
          const std::string name = rows_.empty() || names_[i].empty() ? "" : names_[i] + "=";
          longer.push_back(label + (label.empty() ? "" : ",") + name + std::to_string(level));
        }
      }
      labels = std::move(longer);
    }
    out_.columns = labels.size();
    if (out_.columns == 0) {
      refuse(where_, "it has no columns", "its shape is " + shape_.text(), "");
    }
    if (!plain && !(labels.size() == 1 && labels[0].empty())) {
      out_.labels = std::move(labels);
    }
  }
};

}  // namespace

std::string ArrayShape::text() const {
  std::string out = "[";
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const bool has_name = i < names.size() && !names[i].empty();
    out += (i > 0 ? ", " : "") + (has_name ? names[i] + "=" : "") + std::to_string(sizes[i]);
  }
  return out + "]";
}

TableLayout make_table_layout(const std::string& where, const std::vector<std::string>& rows,
                              const VariableSpec& variable, const ArrayShape& shape) {
  return LayoutMaker(where, rows, variable, shape).make();
}

}  // namespace twostep
