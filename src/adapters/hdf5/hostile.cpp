#include "adapters/hdf5/hostile.hpp"

#include "twostep/base/error.hpp"

namespace twostep::hdf5 {
namespace {

// No filter packs anything but nothing this densely (zlib ends at 1,032).
constexpr double densest = 1e5;

[[noreturn]] void refuse_hostile(const std::string& where, const std::string& what,
                                 const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::data, Problem{where, what, why, hint});
}

herr_t note_external(const char*, const char*, const char*, const char*, unsigned*, hid_t,
                     void* met) {
  *static_cast<bool*>(met) = true;
  return -1;  // do not follow
}

void require_filters(hid_t creation, const std::string& where) {
  for (int i = 0; i < H5Pget_nfilters(creation); ++i) {
    unsigned flags = 0;
    unsigned config = 0;
    std::size_t n = 0;
    char name[64] = {};
    const H5Z_filter_t filter = H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &n,
                                               nullptr, sizeof name, name, &config);
    if (filter >= 0 && H5Zfilter_avail(filter) <= 0) {
      reason();
      refuse_hostile(
          where, "it needs a filter that HDF5 does not have here",
          "number " + std::to_string(filter) + (name[0] == '\0' ? "" : ", " + std::string(name)),
          "set HDF5_PLUGIN_PATH to where the filter's plugin is, or repack the file: h5repack "
          "-f GZIP=4");
    }
  }
}

}  // namespace

Handle open_own_dataset(hid_t file, const std::string& where, const std::string& name) {
  bool external = false;
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS), &H5Pclose);
  H5Pset_elink_cb(access.get(), &note_external, &external);
  Handle dataset(H5Dopen2(file, name.c_str(), access.get()), &H5Dclose);
  if (external) {
    reason();
    refuse_hostile(where, "an external link", "it leads into another file, which nobody named",
                   "name that file in data.files");
  }
  return dataset;
}

void require_own_data(hid_t file, hid_t dataset, const std::string& where) {
  const Handle creation(H5Dget_create_plist(dataset), &H5Pclose);
  if (H5Pget_external_count(creation.get()) > 0) {
    refuse_hostile(where, "its values lie in an external file", "which nobody named",
                   "copy it into the file: h5repack");
  }
  if (H5Pget_layout(creation.get()) == H5D_VIRTUAL) {
    refuse_hostile(where, "a virtual dataset",
                   "it is made up of other files, and reads as fill values where one is missing",
                   "name those files in data.files");
  }
  require_filters(creation.get(), where);
  const Handle space(H5Dget_space(dataset), &H5Sclose);
  const Handle type(H5Dget_type(dataset), &H5Tclose);
  hsize_t bytes = 0;
  const bool known = H5Fget_filesize(file, &bytes) >= 0;
  const int rank = H5Sget_simple_extent_ndims(space.get());
  hsize_t dims[H5S_MAX_RANK] = {};
  H5Sget_simple_extent_dims(space.get(), dims, nullptr);
  double size = static_cast<double>(H5Tget_size(type.get()));
  for (int i = 0; i < rank; ++i) {
    size *= static_cast<double>(dims[i]);
  }
  if (known && size > densest * static_cast<double>(bytes)) {
    refuse_hostile(where, "it cannot hold what it claims to",
                   "its shape stands for " + std::to_string(size / 1e9) + " GB, the file has " +
                       std::to_string(bytes) + " bytes",
                   "was it ever written?");
  }
}

}  // namespace twostep::hdf5
