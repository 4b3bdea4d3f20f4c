// Port: the user's data files. A shard is one file; all shards hold the same variables with the
// same trailing shape. Implementations are told which variables are wanted and verify headers at
// construction (Error{data} lists every problem found over all shards). Values come out as doubles
// in physical units: scale_factor and add_offset applied, _FillValue and missing_value (and NaN) as
// NaN.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace twostep {

struct VariableInfo {
  std::string name;
  std::uint64_t columns = 1;  // k of [N, k]; 1 for [N]; see ports/table_layout.hpp
  std::string type;           // "float32", "int16", ... as stored, for people
  std::uint64_t element_bytes = 4;
  std::vector<std::string> labels;  // one per column, "lev=5"; empty: columns are just numbered
};

struct RowDimension {
  std::string name;
  std::uint64_t size = 0;
};

struct ShardInfo {
  std::string path;
  std::uint64_t rows = 0;
  // Rows that are stored together (HDF5 chunk length along the rows, the largest over the wanted
  // variables); 0: contiguous.
  std::uint64_t chunk_rows = 0;
  // Of which the rows are made up, the last fastest; empty: rows are just numbered.
  std::vector<RowDimension> dimensions;
};

class Shards {
 public:
  virtual ~Shards() = default;
  [[nodiscard]] virtual const std::vector<VariableInfo>& variables() const = 0;
  [[nodiscard]] virtual const std::vector<ShardInfo>& shards() const = 0;
  // Rows [begin, begin + count) of one shard; out: [count, columns] row-major.
  virtual void read_range(std::size_t variable, std::size_t shard, std::uint64_t begin,
                          std::uint64_t count, std::span<double> out) = 0;
  // The given rows of one shard, strictly ascending; out: [rows.size(), columns]. Reads each chunk
  // touched once (or, where the data are contiguous, little more than the rows themselves); memory
  // O(rows + one chunk).
  virtual void read_rows(std::size_t variable, std::size_t shard,
                         std::span<const std::uint64_t> rows, std::span<double> out) = 0;
};

}  // namespace twostep
