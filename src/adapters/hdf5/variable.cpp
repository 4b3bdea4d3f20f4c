#include "adapters/hdf5/variable.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

#include "adapters/hdf5/dimension_names.hpp"
#include "adapters/hdf5/hostile.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"

namespace twostep::hdf5 {
namespace {

// HDF5's own default, and more places in its table of chunks than chunks are ever held.
constexpr std::uint64_t default_cache_bytes = 1U << 20;
constexpr std::size_t cache_slots = 12421;
// What NetCDF writes where nothing was written (its default fill value of floating-point types).
constexpr double netcdf_fill = 9.9692099683868690e+36;

[[noreturn]] void refuse(const std::string& where, const std::string& what, const std::string& why,
                         const std::string& hint) {
  throw Error(ErrorKind::data, Problem{where, what, why, hint});
}

herr_t collect_dataset(hid_t group, const char* name, const H5L_info_t*, void* out) {
  H5O_info_t info;
  if (H5Oget_info_by_name(group, name, &info, H5P_DEFAULT) >= 0 && info.type == H5O_TYPE_DATASET) {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  }
  return 0;
}

std::string which_are_there(hid_t file, const std::string& name) {
  std::vector<std::string> names;
  H5Literate(file, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, &collect_dataset, &names);
  const std::string near = nearest(name, names);
  if (!near.empty()) {
    return "did you mean " + near + "?";
  }
  std::string list;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 12); ++i) {
    list += (i > 0 ? ", " : "") + names[i];
  }
  return names.empty() ? "the file has no variables at its top level"
                       : "it has: " + list + (names.size() > 12 ? ", ..." : "");
}

std::string describe_type(hid_t type) {
  const std::string bits = std::to_string(8 * H5Tget_size(type));
  if (H5Tget_class(type) == H5T_FLOAT) {
    return "float" + bits;
  }
  return (H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int") + bits;
}

std::string describe(const Slab& slab) {
  return ArrayShape{slab.count, {}}.text() + " values from " + ArrayShape{slab.begin, {}}.text() +
         " on";
}

std::vector<double> read_numbers_attribute(hid_t object, const char* name) {
  if (H5Aexists(object, name) <= 0) {
    return {};
  }
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), &H5Aclose);
  const Handle type(H5Aget_type(attribute.get()), &H5Tclose);
  const H5T_class_t kind = H5Tget_class(type.get());
  const Handle space(H5Aget_space(attribute.get()), &H5Sclose);
  const hssize_t n = H5Sget_simple_extent_npoints(space.get());
  if ((kind != H5T_FLOAT && kind != H5T_INTEGER) || n < 1 || n > 16) {
    return {};
  }
  std::vector<double> out(static_cast<std::size_t>(n));
  if (H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, out.data()) < 0) {
    reason();
    return {};
  }
  return out;
}

}  // namespace

Variable::Variable(hid_t file, const std::string& path, const std::string& name)
    : where_(path + ":" + name), name_(name), file_(file) {
  dataset_ = open_own_dataset(file, where_, name);
  if (!dataset_.valid()) {
    reason();
    refuse(where_, "no variable " + name, "the study file names it", which_are_there(file, name));
  }
  const Handle type(H5Dget_type(dataset_.get()), &H5Tclose);
  const H5T_class_t kind = H5Tget_class(type.get());
  if (kind != H5T_FLOAT && kind != H5T_INTEGER) {
    refuse(where_, "not numbers", "inputs and targets are of float or integer type",
           "convert the variable");
  }
  type_name_ = describe_type(type.get());
  storage_.element_bytes = H5Tget_size(type.get());
  require_own_data(file, dataset_.get(), where_);
  read_storage();
  shape_.names = dimension_names(dataset_.get(), shape_.sizes.size());
  read_conventions();
}

void Variable::read_storage() {
  const Handle space(H5Dget_space(dataset_.get()), &H5Sclose);
  const int rank = std::max(0, H5Sget_simple_extent_ndims(space.get()));
  std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr);
  shape_.sizes.assign(dims.begin(), dims.end());
  const Handle creation(H5Dget_create_plist(dataset_.get()), &H5Pclose);
  if (H5Pget_layout(creation.get()) == H5D_CHUNKED) {
    H5Pget_chunk(creation.get(), rank, dims.data());
    storage_.chunk.assign(dims.begin(), dims.end());
  }
}

// Opens the variable again with a cache of the size that reading it in order needs: whatever
// reading comes back to is unpacked once. Where that is more than allowed, nothing but one chunk is
// held.
void Variable::bind(TableLayout layout, std::uint64_t cache_bytes) {
  table_.emplace(std::move(layout), storage_);
  if (storage_.chunk.empty()) {
    contiguous_ = ContiguousReader::of(file_, dataset_.get(), shape_.sizes);
    return;
  }
  std::uint64_t chunk_bytes = storage_.element_bytes;
  for (const std::uint64_t extent : storage_.chunk) {
    chunk_bytes *= extent;
  }
  const std::uint64_t needed = table_->chunks_in_use() * chunk_bytes;
  const std::uint64_t bytes = needed <= cache_bytes ? needed : std::min(chunk_bytes, cache_bytes);
  if (bytes > default_cache_bytes) {
    const Handle access(H5Pcreate(H5P_DATASET_ACCESS), &H5Pclose);
    H5Pset_chunk_cache(access.get(), cache_slots, bytes, 1.0);
    dataset_ = Handle();
    dataset_ = Handle(H5Dopen2(file_, name_.c_str(), access.get()), &H5Dclose);
    if (!dataset_.valid()) {
      throw_io(where_, "cannot be opened again");
    }
  }
}

// The attributes by which NetCDF packs values and marks missing ones (CF conventions, 2.5.1, 8.1).
void Variable::read_conventions() {
  for (const char* name : {"_FillValue", "missing_value"}) {
    for (const double v : read_numbers_attribute(dataset_.get(), name)) {
      missing_.push_back(v);
    }
  }
  if (type_name_.starts_with("float")) {
    missing_.push_back(netcdf_fill);
  }
  const auto scale = read_numbers_attribute(dataset_.get(), "scale_factor");
  const auto offset = read_numbers_attribute(dataset_.get(), "add_offset");
  scale_ = scale.empty() ? 1 : scale[0];
  offset_ = offset.empty() ? 0 : offset[0];
}

void Variable::to_physical(std::span<double> values) const {
  const bool packed = scale_ != 1 || offset_ != 0;
  for (double& v : values) {
    if (std::find(missing_.begin(), missing_.end(), v) != missing_.end()) {
      v = std::numeric_limits<double>::quiet_NaN();
    } else if (packed) {
      v = v * scale_ + offset_;
    }
  }
}

void Variable::read_slab(const Slab& slab, std::span<double> out) const {
  if (contiguous_) {
    if (!contiguous_->read(slab, out)) {
      const std::string why = errno != 0 ? std::strerror(errno) : "the file ends before them";
      throw Error(ErrorKind::io, Problem{where_, describe(slab) + " cannot be read", why, ""});
    }
    to_physical(out);
    return;
  }
  const int rank = static_cast<int>(slab.begin.size());
  const std::vector<hsize_t> begin(slab.begin.begin(), slab.begin.end());
  const std::vector<hsize_t> count(slab.count.begin(), slab.count.end());
  const Handle file_space(H5Dget_space(dataset_.get()), &H5Sclose);
  H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, begin.data(), nullptr, count.data(),
                      nullptr);
  const Handle memory_space(H5Screate_simple(rank, count.data(), nullptr), &H5Sclose);
  if (H5Dread(dataset_.get(), H5T_NATIVE_DOUBLE, memory_space.get(), file_space.get(), H5P_DEFAULT,
              out.data()) < 0) {
    throw_io(where_, describe(slab) + " cannot be read");
  }
  to_physical(out);
}

void Variable::read_range(std::uint64_t begin, std::uint64_t count, std::span<double> out) const {
  TWOSTEP_REQUIRE(table_.has_value());
  table_->read_range(begin, count, out, [this](const Slab& slab, std::span<double> values) {
    read_slab(slab, values);
  });
}

void Variable::read_rows(std::span<const std::uint64_t> rows, std::span<double> out) const {
  TWOSTEP_REQUIRE(table_.has_value());
  table_->read_rows(
      rows, out, [this](const Slab& slab, std::span<double> values) { read_slab(slab, values); });
}

}  // namespace twostep::hdf5
