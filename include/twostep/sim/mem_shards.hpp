// The shards port on matrices in memory.
#pragma once

#include <vector>

#include "twostep/ports/shards.hpp"

namespace twostep {

class MemShards : public Shards {
 public:
  // values[shard][variable]: [rows of the shard, columns of the variable] row-major.
  MemShards(std::vector<VariableInfo> variables, std::vector<ShardInfo> shards,
            std::vector<std::vector<std::vector<double>>> values)
      : variables_(std::move(variables)), shards_(std::move(shards)), values_(std::move(values)) {}

  [[nodiscard]] const std::vector<VariableInfo>& variables() const override { return variables_; }
  [[nodiscard]] const std::vector<ShardInfo>& shards() const override { return shards_; }
  void read_range(std::size_t variable, std::size_t shard, std::uint64_t begin, std::uint64_t count,
                  std::span<double> out) override;
  void read_rows(std::size_t variable, std::size_t shard, std::span<const std::uint64_t> rows,
                 std::span<double> out) override;
  [[nodiscard]] double& at(std::size_t shard, std::size_t variable, std::size_t index) {
    return values_.at(shard).at(variable).at(index);
  }

 private:
  std::vector<VariableInfo> variables_;
  std::vector<ShardInfo> shards_;
  std::vector<std::vector<std::vector<double>>> values_;
};

}  // namespace twostep
