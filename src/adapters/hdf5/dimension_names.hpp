// The names of a variable's dimensions, by the conventions of HDF5's dimension scales, which
// NetCDF-4 and xarray write (DIMENSION_LIST; a scale is named after itself), or by its dimension
// labels (DIMENSION_LABELS, h5py's `dims[i].label`).
#pragma once

#include <hdf5.h>

#include <string>
#include <vector>

namespace twostep::hdf5 {

// One per dimension, "" where there is none.
[[nodiscard]] std::vector<std::string> dimension_names(hid_t dataset, std::size_t rank);

}  // namespace twostep::hdf5
