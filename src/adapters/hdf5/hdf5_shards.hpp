// The user's HDF5 and NetCDF-4 files. Independent reads only, so every rank reads when it likes.
// One file is open at a time: a data set may have thousands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "twostep/ports/shards_description.hpp"

namespace twostep {

// A path as it is found on this host: below `root` if it is relative and root is not empty.
[[nodiscard]] std::string rooted(const std::string& root, const std::string& path);

// Reads the headers of all files, whose paths are noted without the root. Error{data} with every
// problem found: no such file, not HDF5, missing variable (the nearest is named), a type or a shape
// that cannot be used, shapes that differ between files.
[[nodiscard]] ShardsDescription describe_hdf5_shards(const std::vector<std::string>& paths,
                                                     const TableRequest& request);
[[nodiscard]] std::unique_ptr<Shards> open_hdf5_shards(ShardsDescription description,
                                                       TableRequest request);

}  // namespace twostep
