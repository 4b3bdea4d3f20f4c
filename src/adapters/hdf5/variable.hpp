// One variable of one file: what its header says, and its rows as physical doubles.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/hdf5/handle.hpp"

namespace twostep::hdf5 {

class Variable {
 public:
  // Throws a Problem (as Error{data}) if there is no such variable or it is not numbers [N] or [N,
  // k].
  Variable(hid_t file, const std::string& path, const std::string& name);

  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] std::uint64_t columns() const { return columns_; }
  [[nodiscard]] std::uint64_t chunk_rows() const { return chunk_rows_; }
  [[nodiscard]] std::uint64_t element_bytes() const { return element_bytes_; }
  [[nodiscard]] const std::string& type_name() const { return type_name_; }

  void read_range(std::uint64_t begin, std::uint64_t count, std::span<double> out) const;
  void read_rows(std::span<const std::uint64_t> rows, std::span<double> out) const;

 private:
  std::string where_;
  Handle dataset_;
  std::uint64_t rows_ = 0;
  std::uint64_t columns_ = 1;
  int rank_ = 1;
  std::uint64_t chunk_rows_ = 0;
  std::uint64_t element_bytes_ = 0;
  std::string type_name_;
  std::vector<double> missing_;  // stored values that mean "no value"
  double scale_ = 1;
  double offset_ = 0;

  void read_conventions();
  void to_physical(std::span<double> values) const;
};

}  // namespace twostep::hdf5
