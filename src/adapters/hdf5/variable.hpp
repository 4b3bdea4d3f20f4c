// One variable of one file: what its header says, and its rows as physical doubles.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/hdf5/contiguous_reader.hpp"
#include "twostep/ports/table_reader.hpp"

namespace twostep::hdf5 {

class Variable {
 public:
  // Throws a Problem (as Error{data}) if there is no such variable or it is not numbers. The file
  // stays open as long as the variable is used.
  Variable(hid_t file, const std::string& path, const std::string& name);

  [[nodiscard]] const ArrayShape& shape() const { return shape_; }
  [[nodiscard]] const ArrayStorage& storage() const { return storage_; }
  [[nodiscard]] const std::string& type_name() const { return type_name_; }

  // Before the first read: how the array is a table, and how many bytes of its chunks may be held.
  void bind(TableLayout layout, std::uint64_t cache_bytes);
  void read_range(std::uint64_t begin, std::uint64_t count, std::span<double> out) const;
  void read_rows(std::span<const std::uint64_t> rows, std::span<double> out) const;

 private:
  std::string where_;
  std::string name_;
  hid_t file_;
  Handle dataset_;
  ArrayShape shape_;
  ArrayStorage storage_;
  std::string type_name_;
  std::vector<double> missing_;  // stored values that mean "no value"
  double scale_ = 1;
  double offset_ = 0;
  std::optional<TableReader> table_;
  std::optional<ContiguousReader> contiguous_;

  void read_storage();
  void read_conventions();
  void read_slab(const Slab& slab, std::span<double> out) const;
  void to_physical(std::span<double> values) const;
};

}  // namespace twostep::hdf5
