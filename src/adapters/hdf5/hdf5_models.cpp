#include "adapters/hdf5/hdf5_models.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "adapters/hdf5/handle.hpp"
#include "twostep/base/error.hpp"
#include "twostep/ports/mlp_layout.hpp"
#include "twostep/study/spec_json.hpp"

namespace twostep {
namespace {

using hdf5::Handle;
using nlohmann::json;

constexpr int format_version = 2;

// Regression with a plain network is written in version 1, which every twostep reads.
int format_of(const Model& m) {
  const bool plain = m.shape.norm == Norm::none && !m.shape.residual &&
                     m.shape.output_activation != Activation::softmax;
  return plain && m.task == Task::regression ? 1 : 2;
}

json encode_variables(const std::vector<VariableSpec>& variables,
                      const std::vector<std::uint64_t>& columns) {
  json out = json::parse(variables_to_json(variables));
  for (std::size_t i = 0; i < variables.size(); ++i) {
    out[i]["columns"] = columns[i];
  }
  return out;
}

void decode_variables(json list, std::vector<VariableSpec>& variables,
                      std::vector<std::uint64_t>& columns) {
  for (json& j : list) {
    columns.push_back(j.at("columns").get<std::uint64_t>());
    j.erase("columns");
  }
  variables = variables_from_json(list.dump());
}

std::string layer_name(std::size_t layer) {
  return "layer_" + std::to_string(layer + 1);
}

// What a normalised layer holds beside weights and biases.
struct Part {
  const char* name;
  bool in_state;
  std::size_t offset;
};

std::vector<Part> parts_of_norm(const NetworkShape& shape, const LayerLayout& layer) {
  std::vector<Part> out;
  if (layer.normalised) {
    out.push_back({"gains", false, layer.gains()});
  }
  if (layer.normalised && shape.norm == Norm::batch) {
    out.push_back({"running_means", true, layer.state});
    out.push_back({"running_variances", true, layer.state + layer.outputs});
  }
  return out;
}

class Hdf5Models : public Models {
 public:
  explicit Hdf5Models(std::string folder) : folder_(std::move(folder)) { hdf5::prepare_library(); }

  void save(const std::string& name, const Model& model) override {
    const std::string path = place(name);
    make_folders(path);
    const std::string temporary = path + ".partial";
    std::remove(temporary.c_str());  // a leftover, or somebody's link to a file that is not ours
    Handle file(H5Fcreate(temporary.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT), &H5Fclose);
    if (!file.valid()) {
      hdf5::throw_io(path, "cannot be created");
    }
    const MlpLayout layout(model.shape);
    for (std::size_t l = 0; l < layout.layers.size(); ++l) {
      const LayerLayout& layer = layout.layers[l];
      const Handle group = make_group(file.get(), layer_name(l));
      write(group.get(), "weights", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {layer.inputs, layer.outputs},
            model.parameters.data() + layer.weights);
      write(group.get(), "biases", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {layer.outputs},
            model.parameters.data() + layer.biases);
      for (const Part& part : parts_of_norm(model.shape, layer)) {
        write(group.get(), part.name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {layer.outputs},
              (part.in_state ? model.state : model.parameters).data() + part.offset);
      }
    }
    write_encoding(file.get(), "inputs", model.input_encoding);
    write_encoding(file.get(), "targets", model.target_encoding);
    hdf5::write_text_attribute(file.get(), "model", describe(model));
    hdf5::write_text_attribute(file.get(), "provenance", model.provenance_json);
    if (!file.close()) {
      std::remove(temporary.c_str());
      hdf5::throw_io(path, "could not be written to its end");
    }
    hdf5::publish(temporary, path);
  }

  [[nodiscard]] Model load(const std::string& name) override {
    const std::string path = place(name);
    const Handle access = hdf5::reading_properties();
    const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), &H5Fclose);
    if (!file.valid()) {
      throw Error(ErrorKind::data, Problem{path, "cannot be opened as a model", hdf5::reason(),
                                           "models are finalists/<id>/model.h5 of a study"});
    }
    const json j = json::parse(hdf5::read_text_attribute(file.get(), "model"), nullptr, false);
    if (!j.is_object() || !j.contains("format") || !j["format"].is_number() ||
        j.value("format", 0) < 1) {
      throw Error(ErrorKind::data, Problem{path, "not a model file of twostep", "",
                                           "models are finalists/<id>/model.h5 of a study"});
    }
    if (j.value("format", 0) > format_version) {
      throw Error(ErrorKind::data, Problem{path, "a model file of a newer twostep", "", "update"});
    }
    try {
      return read(path, file.get(), j);
    } catch (const json::exception& error) {
      throw Error(ErrorKind::data, Problem{path, "a damaged model file", error.what(), ""});
    }
  }

 private:
  std::string folder_;

  [[nodiscard]] std::string place(const std::string& name) const {
    return folder_.empty() ? name : folder_ + "/" + name;
  }

  static void make_folders(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
      if (::mkdir(path.substr(0, at).c_str(), 0777) != 0 && errno != EEXIST) {
        throw Error(ErrorKind::io, Problem{path.substr(0, at), "the folder cannot be made",
                                           std::strerror(errno), ""});
      }
    }
  }

  static std::string describe(const Model& m) {
    constexpr const char* outputs[] = {"values", "logits", "class_logits"};
    const json j{{"format", format_of(m)},
                 {"outputs_are", outputs[static_cast<int>(m.task)]},
                 {"inputs", m.shape.inputs},
                 {"widths", m.shape.widths},
                 {"outputs", m.shape.outputs},
                 {"activation", name(m.shape.activation)},
                 {"output_activation", name(m.shape.output_activation)},
                 {"norm", name(m.shape.norm)},
                 {"residual", m.shape.residual},
                 {"rows", m.rows},
                 {"input_variables", encode_variables(m.inputs, m.input_columns)},
                 {"target_variables", encode_variables(m.targets, m.target_columns)},
                 {"input_names", m.input_names},
                 {"target_names", m.target_names}};
    return j.dump();
  }

  static Handle make_group(hid_t file, const std::string& name) {
    Handle group(H5Gcreate2(file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), &H5Gclose);
    if (!group.valid()) {
      hdf5::throw_io(name, "a group cannot be made");
    }
    return group;
  }

  static void write(hid_t parent, const char* name, hid_t stored, hid_t memory,
                    const std::vector<hsize_t>& dims, const void* values) {
    const Handle space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
                       &H5Sclose);
    const Handle dataset(
        H5Dcreate2(parent, name, stored, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
        &H5Dclose);
    if (!dataset.valid() ||
        H5Dwrite(dataset.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
      hdf5::throw_io(name, "cannot be written");
    }
  }

  static void write_encoding(hid_t file, const std::string& name, const ColumnEncoding& encoding) {
    const Handle group = make_group(file, name);
    const std::vector<hsize_t> dims{encoding.offset.size()};
    write(group.get(), "offset", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, dims, encoding.offset.data());
    write(group.get(), "scale", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, dims, encoding.scale.data());
  }

  // Reads a whole dataset of exactly n values.
  static void read_values(const std::string& path, hid_t file, const std::string& name,
                          hid_t memory, std::size_t n, void* out) {
    const Handle dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT), &H5Dclose);
    const Handle space(dataset.valid() ? H5Dget_space(dataset.get()) : -1, &H5Sclose);
    if (!dataset.valid() || H5Sget_simple_extent_npoints(space.get()) != static_cast<hssize_t>(n) ||
        H5Dread(dataset.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0) {
      throw Error(ErrorKind::data, Problem{path + ":" + name,
                                           "missing, or not as the model's "
                                           "description says",
                                           hdf5::reason(), ""});
    }
  }

  static void read_encoding(const std::string& path, hid_t file, const std::string& name,
                            std::size_t columns, ColumnEncoding& out) {
    out.offset.resize(columns);
    out.scale.resize(columns);
    read_values(path, file, name + "/offset", H5T_NATIVE_DOUBLE, columns, out.offset.data());
    read_values(path, file, name + "/scale", H5T_NATIVE_DOUBLE, columns, out.scale.data());
  }

  // A description must agree with itself, and the file must be long enough to hold what it
  // promises: nothing is allocated on its word alone.
  static void check_description(const std::string& path, hid_t file, const Model& m) {
    hsize_t bytes = 0;
    H5Fget_filesize(file, &bytes);
    const std::uint64_t most = bytes / sizeof(float);
    std::uint64_t from = m.shape.inputs;
    std::uint64_t parameters = 0;
    bool good = from > 0 && from <= most && m.shape.outputs > 0 && m.shape.outputs <= most &&
                m.shape.widths.size() <= most;
    std::vector<std::uint32_t> widths = m.shape.widths;
    widths.push_back(m.shape.outputs);
    for (const std::uint32_t to : widths) {
      good = good && to > 0 && to <= most && (from + 1) * to <= most - parameters;
      parameters += good ? (from + 1) * to : 0;
      from = to;
    }
    const auto fits = [](const std::vector<std::uint64_t>& columns, std::uint64_t all,
                         const std::vector<std::string>& names) {
      std::uint64_t sum = 0;
      bool small = names.size() == all;
      for (const std::uint64_t n : columns) {
        small = small && n > 0 && n <= all - sum;
        sum += small ? n : 0;
      }
      return small && sum == all;
    };
    // A class target is one column of as many outputs as there are classes.
    const std::uint64_t targets = m.task == Task::classes ? 1 : m.shape.outputs;
    if (!good || !fits(m.input_columns, m.shape.inputs, m.input_names) ||
        !fits(m.target_columns, targets, m.target_names)) {
      throw Error(ErrorKind::data,
                  Problem{path, "a damaged model file",
                          "its description contradicts itself or the file's length", ""});
    }
  }

  static Model read(const std::string& path, hid_t file, const json& j) {
    Model m;
    j.at("inputs").get_to(m.shape.inputs);
    j.at("widths").get_to(m.shape.widths);
    j.at("outputs").get_to(m.shape.outputs);
    if (!parse_name(j.at("activation").get<std::string>(), m.shape.activation) ||
        !parse_name(j.at("output_activation").get<std::string>(), m.shape.output_activation)) {
      throw Error(ErrorKind::data, Problem{path, "an unknown activation", "", ""});
    }
    const auto outputs = j.value("outputs_are", "values");
    m.task = outputs == "logits"         ? Task::binary
             : outputs == "class_logits" ? Task::classes
                                         : Task::regression;
    m.rows = j.value("rows", std::vector<std::string>{});
    if (!parse_name(j.value("norm", "none"), m.shape.norm)) {
      throw Error(ErrorKind::data, Problem{path, "an unknown norm", "", ""});
    }
    m.shape.residual = j.value("residual", false);
    decode_variables(j.at("input_variables"), m.inputs, m.input_columns);
    decode_variables(j.at("target_variables"), m.targets, m.target_columns);
    j.at("input_names").get_to(m.input_names);
    j.at("target_names").get_to(m.target_names);
    check_description(path, file, m);
    const MlpLayout layout(m.shape);
    m.parameters.resize(layout.parameters);
    m.state.resize(layout.state);
    for (std::size_t l = 0; l < layout.layers.size(); ++l) {
      const LayerLayout& layer = layout.layers[l];
      read_values(path, file, layer_name(l) + "/weights", H5T_NATIVE_FLOAT,
                  layer.inputs * layer.outputs, m.parameters.data() + layer.weights);
      read_values(path, file, layer_name(l) + "/biases", H5T_NATIVE_FLOAT, layer.outputs,
                  m.parameters.data() + layer.biases);
      for (const Part& part : parts_of_norm(m.shape, layer)) {
        read_values(path, file, layer_name(l) + "/" + part.name, H5T_NATIVE_FLOAT, layer.outputs,
                    (part.in_state ? m.state : m.parameters).data() + part.offset);
      }
    }
    read_encoding(path, file, "inputs", m.shape.inputs, m.input_encoding);
    read_encoding(path, file, "targets", m.target_names.size(), m.target_encoding);
    m.provenance_json = hdf5::read_text_attribute(file, "provenance");
    return m;
  }
};

}  // namespace

std::unique_ptr<Models> make_hdf5_models(const std::string& folder) {
  return std::make_unique<Hdf5Models>(folder);
}

}  // namespace twostep
