// Data sets that are not what they seem: parts of other files, filters that this machine lacks,
// sizes that no file of this length can hold. Data files come from anywhere, and opening one must
// not read what nobody named.
#pragma once

#include <string>

#include "adapters/hdf5/handle.hpp"

namespace twostep::hdf5 {

// Opens a dataset of this very file; an invalid handle if there is none. Error{data} if the path
// leads through a link into another file.
[[nodiscard]] Handle open_own_dataset(hid_t file, const std::string& where,
                                      const std::string& name);

// Error{data} for data that lie in other files, need filters that are not there, or are larger than
// the file can hold.
void require_own_data(hid_t file, hid_t dataset, const std::string& where);

}  // namespace twostep::hdf5
