// Reads pieces of a contiguous dataset with the system's own call, at the address that HDF5 gives:
// of a scattered selection HDF5's bookkeeping around a request costs more than the request.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/hdf5/handle.hpp"
#include "twostep/ports/table_reader.hpp"

namespace twostep::hdf5 {

class ContiguousReader {
 public:
  // nullopt where the values do not lie in one piece in a plain file: chunked, compact, external,
  // not yet written, or behind a driver that has no file descriptor.
  [[nodiscard]] static std::optional<ContiguousReader> of(hid_t file, hid_t dataset,
                                                          const std::vector<std::uint64_t>& sizes);

  // The slab's values as stored, converted to double. False (errno says why, 0: the file ends too
  // early) if they cannot be read.
  [[nodiscard]] bool read(const Slab& slab, std::span<double> out) const;

 private:
  int descriptor_ = -1;
  std::uint64_t offset_ = 0;
  std::vector<std::uint64_t> sizes_;
  Handle type_;
  std::size_t element_bytes_ = 0;
  bool native_float_ = false;

  ContiguousReader() = default;
  [[nodiscard]] bool fetch(const Slab& slab, std::byte* to) const;
};

}  // namespace twostep::hdf5
