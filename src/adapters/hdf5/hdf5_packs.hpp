// Packs as HDF5 files in one folder: <name>.h5 with /train/inputs, /train/targets and so on,
// float32, contiguous, written together with parallel HDF5 where the group is MPI's, read by
// mapping the file into memory, so that the ranks of a node share one copy.
#pragma once

#include <memory>
#include <string>

#include "twostep/ports/pack.hpp"

namespace twostep {

// Whether this process has left a parallel file open because a write failed on some rank.
// MPI_Finalize would then wait for ever: the program has to be ended by MPI_Abort.
[[nodiscard]] bool hdf5_cannot_finalize();

[[nodiscard]] std::unique_ptr<Packs> make_hdf5_packs(const std::string& folder);

}  // namespace twostep
