#include "adapters/hdf5/output_file.hpp"

#include <unistd.h>

#include <cstdio>

#include "adapters/hdf5/handle.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"

namespace twostep {

using hdf5::Handle;

struct OutputFile::State {
  std::string path;
  std::string temporary;
  std::vector<OutputVariable> variables;
  Handle file;
  std::vector<Handle> datasets;
  bool finished = false;
};

OutputFile::OutputFile(const std::string& path, const std::vector<OutputVariable>& variables,
                       std::uint64_t rows, bool overwrite)
    : state_(std::make_unique<State>()) {
  hdf5::prepare_library();
  if (!overwrite && ::access(path.c_str(), F_OK) == 0) {
    throw Error(ErrorKind::study,
                Problem{path, "exists already", "nothing is overwritten unasked", "--overwrite"});
  }
  state_->path = path;
  state_->temporary = path + ".partial";
  state_->variables = variables;
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), &H5Pclose);
  state_->file = Handle(
      H5Fcreate(state_->temporary.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), &H5Fclose);
  if (!state_->file.valid()) {
    hdf5::throw_io(path, "cannot be created");
  }
  for (const OutputVariable& v : variables) {
    const hsize_t dims[2] = {rows, v.columns};
    const Handle space(H5Screate_simple(v.columns > 1 ? 2 : 1, dims, nullptr), &H5Sclose);
    const Handle links(H5Pcreate(H5P_LINK_CREATE), &H5Pclose);
    H5Pset_create_intermediate_group(links.get(), 1);  // a variable may be named group/name
    state_->datasets.emplace_back(H5Dcreate2(state_->file.get(), v.name.c_str(), H5T_IEEE_F32LE,
                                             space.get(), links.get(), H5P_DEFAULT, H5P_DEFAULT),
                                  &H5Dclose);
    if (!state_->datasets.back().valid()) {
      hdf5::throw_io(path + ":" + v.name, "cannot be created");
    }
  }
}

OutputFile::~OutputFile() {
  if (!state_->finished) {
    state_->datasets.clear();
    state_->file = Handle();
    std::remove(state_->temporary.c_str());
  }
}

void OutputFile::write(std::size_t variable, std::uint64_t begin, std::span<const float> values) {
  const OutputVariable& v = state_->variables.at(variable);
  TWOSTEP_REQUIRE(values.size() % v.columns == 0);
  const hsize_t start[2] = {begin, 0};
  const hsize_t size[2] = {values.size() / v.columns, v.columns};
  if (size[0] == 0) {
    return;
  }
  const hid_t dataset = state_->datasets[variable].get();
  const Handle file_space(H5Dget_space(dataset), &H5Sclose);
  H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start, nullptr, size, nullptr);
  const Handle memory(H5Screate_simple(v.columns > 1 ? 2 : 1, size, nullptr), &H5Sclose);
  if (H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory.get(), file_space.get(), H5P_DEFAULT,
               values.data()) < 0) {
    hdf5::throw_io(state_->path + ":" + v.name, "cannot be written");
  }
}

void OutputFile::attribute(const std::string& name, const std::string& text) {
  hdf5::write_text_attribute(state_->file.get(), name.c_str(), text);
}

void OutputFile::finish() {
  bool good = true;
  for (Handle& dataset : state_->datasets) {
    good = dataset.close() && good;
  }
  good = state_->file.close() && good;
  if (!good) {
    hdf5::throw_io(state_->path, "could not be written to its end");
  }
  hdf5::publish(state_->temporary, state_->path);
  state_->finished = true;
}

}  // namespace twostep
