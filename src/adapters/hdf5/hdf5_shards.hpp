// The user's HDF5 and NetCDF-4 files. Independent reads only, so every rank reads when it likes.
// One file is open at a time: a data set may have thousands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "twostep/base/bytes.hpp"
#include "twostep/ports/shards.hpp"

namespace twostep {

struct ShardsDescription {  // what the headers say; small, and enough to read without asking again
  std::vector<VariableInfo> variables;
  std::vector<ShardInfo> shards;
  void encode(ByteWriter& writer) const;
  [[nodiscard]] static ShardsDescription decode(ByteReader& reader);
};

// Reads the headers of all files. Error{data} with every problem found: no such file, not HDF5,
// missing variable (the nearest is named), a type or a shape that cannot be used, shapes that
// differ between files.
[[nodiscard]] ShardsDescription describe_hdf5_shards(const std::vector<std::string>& paths,
                                                     const std::vector<std::string>& variables);
[[nodiscard]] std::unique_ptr<Shards> open_hdf5_shards(ShardsDescription description);

}  // namespace twostep
