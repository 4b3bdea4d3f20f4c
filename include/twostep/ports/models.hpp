// Port: model files. A model holds all that is needed to use it: weights, architecture,
// normalisation, column names, provenance.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "twostep/ports/engine.hpp"
#include "twostep/ports/pack.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

struct Model {
  NetworkShape shape;
  // What the network's outputs are: values, or logits whose sigmoid or softmax is a probability.
  Task task = Task::regression;
  std::vector<float> parameters;     // flat; see ports/mlp_layout.hpp
  std::vector<float> state;          // likewise
  std::vector<std::string> rows;     // row dimensions; empty: the first one
  std::vector<VariableSpec> inputs;  // as in the study file: name, transform, levels
  std::vector<VariableSpec> targets;
  std::vector<std::uint64_t> input_columns;  // columns of each variable
  std::vector<std::uint64_t> target_columns;
  std::vector<std::string> input_names;  // one per column
  std::vector<std::string> target_names;
  ColumnEncoding input_encoding;   // network input = (transformed value - offset) / scale
  ColumnEncoding target_encoding;  // transformed target = offset + scale * network output
  std::string provenance_json;     // study, trial, hyperparameters, metrics, build
};

class Models {
 public:
  virtual ~Models() = default;
  virtual void save(const std::string& path,
                    const Model& model) = 0;  // atomic replace; makes the folder
  [[nodiscard]] virtual Model load(
      const std::string& path) = 0;  // Error{data} if it is not a whole model file
};

}  // namespace twostep
