// The texts that HDF5 files carry: the header of a pack (first byte 0 modulo 3), the description of
// a model in an otherwise fitting file (1), an attribute of another shape (2).
#include <unistd.h>

#include <filesystem>

#include "adapters/hdf5/handle.hpp"
#include "adapters/hdf5/hdf5_models.hpp"
#include "adapters/hdf5/pack_header.hpp"
#include "fuzz/targets.hpp"
#include "twostep/base/error.hpp"

using namespace twostep;

namespace {

class Folder {
 public:
  Folder() : path_("twostep-fuzz-" + std::to_string(::getpid())) {
    path_ = (std::filesystem::temp_directory_path() / path_).string();
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Model small_model() {
  Model m;
  m.shape = {2, {3}, 1, Activation::tanh, Activation::identity};
  m.parameters.assign(13, 0.5F);
  m.inputs.resize(1);
  m.inputs[0].name = "a";
  m.targets.resize(1);
  m.targets[0].name = "y";
  m.input_columns = {2};
  m.target_columns = {1};
  m.input_names = {"a[0]", "a[1]"};
  m.target_names = {"y"};
  m.input_encoding = {{0, 0}, {1, 1}};
  m.target_encoding = {{0}, {1}};
  m.provenance_json = "{}";
  return m;
}

void write_attribute(const std::string& path, std::string_view text, std::uint8_t shape) {
  const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), &H5Fclose);
  H5Adelete(file.get(), "model");
  const hdf5::Handle type(H5Tcopy(H5T_C_S1), &H5Tclose);
  const std::size_t each = std::max<std::size_t>(text.size() / (1 + shape % 4), 1);
  H5Tset_size(type.get(), each);
  const hsize_t n = text.size() / each;
  const hdf5::Handle space(
      shape % 4 == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &n, nullptr), &H5Sclose);
  const hdf5::Handle attribute(
      H5Acreate2(file.get(), "model", type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
      &H5Aclose);
  if (attribute.valid() && !text.empty()) {
    H5Awrite(attribute.get(), type.get(), text.data());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  static const auto models = make_hdf5_models(folder.path());
  if (size < 2) {
    return 0;
  }
  const std::string_view text = fuzz::text(data + 2, size - 2);
  if (data[0] % 3 == 0) {
    if (const auto header = hdf5::decode_header(std::string(text))) {
      try {
        const std::string again = hdf5::encode_header(*header);
        fuzz::require(hdf5::decode_header(again).has_value(), "a header reads back");
      } catch (const std::exception&) {  // text that is no UTF-8 can be read, but not written
      }
    }
    return 0;
  }
  models->save("model.h5", small_model());
  write_attribute(folder.path() + "/model.h5", text, data[0] % 3 == 1 ? 0 : data[1]);
  try {
    const Model model = models->load("model.h5");
    fuzz::require(model.parameters.size() == 13, "a model is as long as its file");
  } catch (const Error&) {
  }
  return 0;
}
