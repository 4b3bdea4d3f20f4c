#include "adapters/hdf5/contiguous_reader.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace twostep::hdf5 {
namespace {

bool read_at(int descriptor, std::byte* to, std::uint64_t bytes, std::uint64_t offset) {
  while (bytes > 0) {
    errno = 0;
    const ssize_t n = ::pread(descriptor, to, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return false;
    }
    to += n;
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::uint64_t>(n);
  }
  return true;
}

}  // namespace

std::optional<ContiguousReader> ContiguousReader::of(hid_t file, hid_t dataset,
                                                     const std::vector<std::uint64_t>& sizes) {
  const Handle creation(H5Dget_create_plist(dataset), &H5Pclose);
  const Handle access(H5Fget_access_plist(file), &H5Pclose);
  const haddr_t offset = H5Dget_offset(dataset);
  void* descriptor = nullptr;
  if (H5Pget_layout(creation.get()) != H5D_CONTIGUOUS ||
      H5Pget_external_count(creation.get()) != 0 || H5Pget_driver(access.get()) != H5FD_SEC2 ||
      offset == HADDR_UNDEF || H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) < 0 ||
      descriptor == nullptr) {
    reason();
    return std::nullopt;
  }
  ContiguousReader out;
  out.descriptor_ = *static_cast<int*>(descriptor);
  out.offset_ = offset;
  out.sizes_ = sizes;
  out.type_ = Handle(H5Dget_type(dataset), &H5Tclose);
  out.element_bytes_ = H5Tget_size(out.type_.get());
  out.native_float_ = H5Tequal(out.type_.get(), H5T_NATIVE_FLOAT) > 0;
  if (out.element_bytes_ > sizeof(double)) {
    return std::nullopt;
  }
  return out;
}

// One request for each piece in which the slab lies in the file.
bool ContiguousReader::fetch(const Slab& slab, std::byte* to) const {
  const std::size_t rank = sizes_.size();
  std::size_t split = rank;  // axes from here on are taken whole, the one before it in one piece
  std::uint64_t piece = element_bytes_;
  while (split > 0) {
    --split;
    piece *= slab.count[split];
    if (slab.count[split] != sizes_[split]) {
      break;
    }
  }
  std::vector<std::uint64_t> at = slab.begin;
  for (;;) {
    std::uint64_t place = 0;
    for (std::size_t d = 0; d < rank; ++d) {
      place = place * sizes_[d] + at[d];
    }
    if (!read_at(descriptor_, to, piece, offset_ + place * element_bytes_)) {
      return false;
    }
    to += piece;
    std::size_t d = split;
    while (d > 0 && ++at[d - 1] == slab.begin[d - 1] + slab.count[d - 1]) {
      --d;
      at[d] = slab.begin[d];
    }
    if (d == 0) {
      return true;
    }
  }
}

bool ContiguousReader::read(const Slab& slab, std::span<double> out) const {
  auto* bytes = reinterpret_cast<std::byte*>(out.data());
  if (out.empty()) {
    return true;
  }
  if (!native_float_) {
    return fetch(slab, bytes) &&
           H5Tconvert(type_.get(), H5T_NATIVE_DOUBLE, out.size(), bytes, nullptr, H5P_DEFAULT) >= 0;
  }
  // Into the second half, from which they spread over the whole: each is read before it is reached.
  const std::byte* from = bytes + out.size() * sizeof(float);
  if (!fetch(slab, bytes + out.size() * sizeof(float))) {
    return false;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    float value = 0;
    std::memcpy(&value, from + i * sizeof(float), sizeof value);
    out[i] = static_cast<double>(value);
  }
  return true;
}

}  // namespace twostep::hdf5
