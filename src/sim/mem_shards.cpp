#include "twostep/sim/mem_shards.hpp"

#include <algorithm>

#include "twostep/base/check.hpp"

namespace twostep {

void MemShards::read_range(std::size_t variable, std::size_t shard, std::uint64_t begin,
                           std::uint64_t count, std::span<double> out) {
  const std::uint64_t k = variables_.at(variable).columns;
  TWOSTEP_REQUIRE(begin + count <= shards_.at(shard).rows && out.size() == count * k);
  std::copy_n(values_[shard][variable].begin() + static_cast<long>(begin * k), count * k,
              out.begin());
}

void MemShards::read_rows(std::size_t variable, std::size_t shard,
                          std::span<const std::uint64_t> rows, std::span<double> out) {
  const std::uint64_t k = variables_.at(variable).columns;
  TWOSTEP_REQUIRE(out.size() == rows.size() * k);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    TWOSTEP_REQUIRE(i == 0 || rows[i] > rows[i - 1]);
    read_range(variable, shard, rows[i], 1, out.subspan(i * k, k));
  }
}

}  // namespace twostep
