#include "adapters/hdf5/variable.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"

namespace twostep::hdf5 {
namespace {

// Rows of contiguous data that lie closer than this are read in one go: what lies between them
// costs less than another request.
constexpr std::uint64_t bridge_bytes = 1024;
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
    : where_(path + ":" + name) {
  dataset_ = Handle(H5Dopen2(file, name.c_str(), H5P_DEFAULT), &H5Dclose);
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
  element_bytes_ = H5Tget_size(type.get());
  const Handle space(H5Dget_space(dataset_.get()), &H5Sclose);
  rank_ = H5Sget_simple_extent_ndims(space.get());
  if (rank_ != 1 && rank_ != 2) {
    refuse(where_, "it has " + std::to_string(std::max(rank_, 0)) + " dimensions",
           "a variable is [N] or [N, k]: one row per sample",
           "reshape it so that rows are samples");
  }
  hsize_t dims[2] = {0, 1};
  H5Sget_simple_extent_dims(space.get(), dims, nullptr);
  rows_ = dims[0];
  columns_ = rank_ == 2 ? dims[1] : 1;
  if (columns_ == 0) {
    refuse(where_, "it has no columns", "its shape is [" + std::to_string(rows_) + ", 0]", "");
  }
  const Handle creation(H5Dget_create_plist(dataset_.get()), &H5Pclose);
  if (H5Pget_layout(creation.get()) == H5D_CHUNKED) {
    hsize_t chunk[2] = {0, 0};
    H5Pget_chunk(creation.get(), 2, chunk);
    chunk_rows_ = chunk[0];
  }
  read_conventions();
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

void Variable::read_range(std::uint64_t begin, std::uint64_t count, std::span<double> out) const {
  TWOSTEP_REQUIRE(begin + count <= rows_ && out.size() == count * columns_);
  if (count == 0) {
    return;
  }
  const Handle file_space(H5Dget_space(dataset_.get()), &H5Sclose);
  const hsize_t start[2] = {begin, 0};
  const hsize_t size[2] = {count, columns_};
  H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start, nullptr, size, nullptr);
  const Handle memory_space(H5Screate_simple(rank_, size, nullptr), &H5Sclose);
  if (H5Dread(dataset_.get(), H5T_NATIVE_DOUBLE, memory_space.get(), file_space.get(), H5P_DEFAULT,
              out.data()) < 0) {
    throw_io(where_, "rows " + std::to_string(begin) + " to " + std::to_string(begin + count - 1) +
                         " cannot be read");
  }
  to_physical(out);
}

void Variable::read_rows(std::span<const std::uint64_t> rows, std::span<double> out) const {
  TWOSTEP_REQUIRE(out.size() == rows.size() * columns_);
  const std::uint64_t row_bytes = element_bytes_ * columns_;
  std::vector<double> buffer;
  for (std::size_t i = 0; i < rows.size();) {
    std::uint64_t begin = rows[i];
    std::uint64_t end = rows[i] + 1;
    std::size_t next = i + 1;
    if (chunk_rows_ > 0) {  // all of the chunk: it is read, and perhaps unpacked, as a whole anyway
      begin = rows[i] / chunk_rows_ * chunk_rows_;
      end = std::min(begin + chunk_rows_, rows_);
      while (next < rows.size() && rows[next] < end) {
        ++next;
      }
    } else {
      while (next < rows.size() && (rows[next] - end) * row_bytes <= bridge_bytes &&
             rows[next] - begin < 65536) {
        end = rows[next++] + 1;
      }
    }
    buffer.resize((end - begin) * columns_);
    read_range(begin, end - begin, buffer);
    for (; i < next; ++i) {
      std::copy_n(buffer.begin() + static_cast<long>((rows[i] - begin) * columns_), columns_,
                  out.begin() + static_cast<long>(i * columns_));
    }
  }
}

}  // namespace twostep::hdf5
