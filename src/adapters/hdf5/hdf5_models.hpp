// Model files: plain HDF5 that other programs can read too. /layer_1/weights [in, out],
// /layer_1/biases [out] and so on; /inputs and /targets with offset and scale per column; the
// attributes "model" (JSON: architecture, variables, column names) and "provenance" (JSON).
// docs/formats.md specifies them.
#pragma once

#include <memory>
#include <string>

#include "twostep/ports/models.hpp"

namespace twostep {

// Paths are taken relative to `folder`; "" for paths as they are.
[[nodiscard]] std::unique_ptr<Models> make_hdf5_models(const std::string& folder);

}  // namespace twostep
