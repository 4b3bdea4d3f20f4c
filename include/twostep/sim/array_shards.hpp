// The shards port on arrays of any rank in memory, flattened by the same rule as files are
// (ports/table_layout.hpp). Counts what it is asked for, so that a test can say how often a chunk
// was read.
#pragma once

#include <map>

#include "twostep/ports/shards_description.hpp"

namespace twostep {

struct MemArray {
  ArrayShape shape;
  std::vector<double> values;        // the last dimension fastest
  std::vector<std::uint64_t> chunk;  // empty: contiguous
};

struct MemArrayShard {
  std::string path;
  std::vector<MemArray> variables;  // as in the request
};

class ArrayShards : public Shards {
 public:
  // Error{data} as the HDF5 adapter has it.
  ArrayShards(const TableRequest& request, std::vector<MemArrayShard> shards);

  [[nodiscard]] const std::vector<VariableInfo>& variables() const override {
    return description_.variables;
  }
  [[nodiscard]] const std::vector<ShardInfo>& shards() const override {
    return description_.shards;
  }
  void read_range(std::size_t variable, std::size_t shard, std::uint64_t begin, std::uint64_t count,
                  std::span<double> out) override;
  void read_rows(std::size_t variable, std::size_t shard, std::span<const std::uint64_t> rows,
                 std::span<double> out) override;

  [[nodiscard]] std::uint64_t slabs_read() const { return slabs_; }
  [[nodiscard]] std::uint64_t values_read() const { return values_; }
  // Of a chunked array: how often each chunk was touched by a slab, by its number.
  [[nodiscard]] const std::map<std::uint64_t, int>& chunks_read() const { return chunks_; }

 private:
  std::vector<MemArrayShard> arrays_;
  ShardsDescription description_;
  std::vector<std::vector<TableReader>> readers_;  // [shard][variable]
  std::uint64_t slabs_ = 0;
  std::uint64_t values_ = 0;
  std::map<std::uint64_t, int> chunks_;

  void read(const MemArray& array, const Slab& slab, std::span<double> out);
};

}  // namespace twostep
