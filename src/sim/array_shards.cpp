#include "twostep/sim/array_shards.hpp"

#include <set>

#include "twostep/base/check.hpp"

namespace twostep {

ArrayShards::ArrayShards(const TableRequest& request, std::vector<MemArrayShard> shards)
    : arrays_(std::move(shards)) {
  ShardsDescriber describer(request);
  for (const MemArrayShard& shard : arrays_) {
    describer.begin(shard.path);
    for (std::size_t v = 0; v < shard.variables.size(); ++v) {
      const MemArray& array = shard.variables[v];
      describer.add(v, array.shape, {array.chunk, 4}, "float32");
    }
    describer.end();
  }
  description_ = describer.take();
  for (std::size_t s = 0; s < arrays_.size(); ++s) {
    readers_.emplace_back();
    for (std::size_t v = 0; v < arrays_[s].variables.size(); ++v) {
      const MemArray& array = arrays_[s].variables[v];
      TableLayout layout =
          make_table_layout(arrays_[s].path, request.rows, request.variables[v], array.shape);
      layout.row_sizes = row_sizes_of(description_.shards[s]);
      readers_.back().emplace_back(std::move(layout), ArrayStorage{array.chunk, 4});
    }
  }
}

void ArrayShards::read_range(std::size_t variable, std::size_t shard, std::uint64_t begin,
                             std::uint64_t count, std::span<double> out) {
  const MemArray& array = arrays_.at(shard).variables.at(variable);
  readers_[shard][variable].read_range(
      begin, count, out,
      [&](const Slab& slab, std::span<double> values) { read(array, slab, values); });
}

void ArrayShards::read_rows(std::size_t variable, std::size_t shard,
                            std::span<const std::uint64_t> rows, std::span<double> out) {
  const MemArray& array = arrays_.at(shard).variables.at(variable);
  readers_[shard][variable].read_rows(
      rows, out, [&](const Slab& slab, std::span<double> values) { read(array, slab, values); });
}

void ArrayShards::read(const MemArray& array, const Slab& slab, std::span<double> out) {
  ++slabs_;
  values_ += out.size();
  std::set<std::uint64_t> touched;
  const std::size_t rank = array.shape.sizes.size();
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint64_t rest = i;
    std::vector<std::uint64_t> at(rank);
    for (std::size_t d = rank; d-- > 0;) {
      at[d] = slab.begin[d] + rest % slab.count[d];
      rest /= slab.count[d];
    }
    TWOSTEP_REQUIRE(rest == 0);
    std::uint64_t place = 0;
    std::uint64_t chunk = 0;
    for (std::size_t d = 0; d < rank; ++d) {
      const std::uint64_t size = array.shape.sizes[d];
      TWOSTEP_REQUIRE(at[d] < size);
      place = place * size + at[d];
      if (!array.chunk.empty()) {
        chunk = chunk * ((size + array.chunk[d] - 1) / array.chunk[d]) + at[d] / array.chunk[d];
      }
    }
    out[i] = array.values.at(place);
    touched.insert(chunk);
  }
  for (const std::uint64_t chunk : touched) {
    ++chunks_[chunk];
  }
}

}  // namespace twostep
