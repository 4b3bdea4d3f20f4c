#include <algorithm>
#include <cmath>
#include <cstdio>

#include "adapters/hdf5/hdf5_models.hpp"
#include "adapters/hdf5/hdf5_shards.hpp"
#include "adapters/hdf5/output_file.hpp"
#include "adapters/onednn/onednn_engine.hpp"
#include "app/commands.hpp"
#include "twostep/base/error.hpp"
#include "twostep/data/transform.hpp"
#include "twostep/train/loss.hpp"

namespace twostep {
namespace {

constexpr std::uint64_t block_rows = 1U << 14;
constexpr std::uint32_t batch_rows = 1024;

// What is written: each target in its own unit; of a cross-entropy's model the probabilities and
// the class of each.
struct Outputs {
  std::vector<OutputVariable> variables;
  std::size_t columns = 0;  // of all variables
};

Outputs outputs_of(const Model& model) {
  Outputs out;
  const auto add = [&](const std::string& name, std::uint64_t columns) {
    out.variables.push_back({name, columns});
    out.columns += columns;
  };
  for (std::size_t v = 0; v < model.targets.size(); ++v) {
    const std::string& name = model.targets[v].name;
    if (model.task == Task::regression) {
      add(name, model.target_columns[v]);
      continue;
    }
    add(name + "_probability",
        model.task == Task::classes ? model.shape.outputs : model.target_columns[v]);
    add(name + "_class", model.target_columns[v]);
  }
  return out;
}

class Predictor {
 public:
  Predictor(const Model& model, Engine& engine)
      : model_(model), network_(engine.compile(model.shape, batch_rows, Pass::inference)) {}

  // x: transformed, normalised inputs [rows, inputs]; out: [rows, columns of outputs_of(model)].
  void run(std::span<const float> x, std::span<double> out, std::size_t columns) {
    const std::size_t inputs = model_.shape.inputs;
    const std::size_t outputs = model_.shape.outputs;
    std::vector<float> in(batch_rows * inputs);
    std::vector<float> y(batch_rows * outputs);
    const std::size_t rows = x.size() / inputs;
    for (std::size_t begin = 0; begin < rows; begin += batch_rows) {
      const std::size_t n = std::min<std::size_t>(batch_rows, rows - begin);
      std::fill(in.begin(), in.end(), 0.0F);
      std::copy_n(x.begin() + static_cast<long>(begin * inputs), n * inputs, in.begin());
      network_->infer({model_.parameters, model_.state}, in, y);
      for (std::size_t i = 0; i < n; ++i) {
        interpret(&y[i * outputs], &out[(begin + i) * columns]);
      }
    }
  }

 private:
  const Model& model_;
  std::unique_ptr<Network> network_;

  void interpret(const float* y, double* out) const {
    const std::size_t outputs = model_.shape.outputs;
    if (model_.task == Task::regression) {
      for (std::size_t j = 0; j < outputs; ++j) {
        out[j] = to_units(j, y[j]);
      }
    } else if (model_.task == Task::binary) {
      std::size_t first = 0;
      for (const std::uint64_t columns : model_.target_columns) {
        for (std::uint64_t j = 0; j < columns; ++j, ++out) {
          const double p = sigmoid(static_cast<double>(y[first + j]));
          out[0] = p;
          out[columns] = std::isnan(p) ? p : p >= 0.5 ? 1 : 0;
        }
        first += columns;
        out += columns;
      }
    } else {
      double largest = 0;
      const double sum = softmax_sum(y, outputs, largest);
      for (std::size_t k = 0; k < outputs; ++k) {
        out[k] = std::exp(static_cast<double>(y[k]) - largest) / sum;
      }
      const auto best = static_cast<double>(std::max_element(y, y + outputs) - y);
      out[outputs] = std::isnan(sum) ? sum : original(model_.targets[0], best);
    }
  }

  [[nodiscard]] double to_units(std::size_t column, float y) const {
    std::size_t variable = 0;
    for (std::size_t first = 0; first + model_.target_columns[variable] <= column; ++variable) {
      first += model_.target_columns[variable];
    }
    return original(model_.targets[variable],
                    model_.target_encoding.offset[column] +
                        model_.target_encoding.scale[column] * static_cast<double>(y));
  }
};

// Rows [begin, begin + count) of a shard as the network wants them.
std::vector<float> read_inputs(const Model& model, Shards& shards, std::size_t shard,
                               std::uint64_t begin, std::uint64_t count) {
  const std::size_t width = model.shape.inputs;
  std::vector<float> out(count * width);
  std::size_t first = 0;
  for (std::size_t v = 0; v < model.inputs.size(); ++v) {
    const std::uint64_t columns = model.input_columns[v];
    std::vector<double> raw(count * columns);
    shards.read_range(v, shard, begin, count, raw);
    for (std::uint64_t i = 0; i < count; ++i) {
      for (std::uint64_t j = 0; j < columns; ++j) {
        const double t = transformed(model.inputs[v], raw[i * columns + j]);
        out[i * width + first + j] = static_cast<float>(
            (t - model.input_encoding.offset[first + j]) / model.input_encoding.scale[first + j]);
      }
    }
    first += columns;
  }
  return out;
}

void check_columns(const Model& model, const Shards& shards) {
  std::vector<Problem> problems;
  for (std::size_t v = 0; v < model.inputs.size(); ++v) {
    const std::uint64_t columns = shards.variables()[v].columns;
    if (columns != model.input_columns[v]) {
      problems.push_back({shards.shards().front().path + ":" + model.inputs[v].name,
                          "it has " + std::to_string(columns) + " columns",
                          "the model was trained with " + std::to_string(model.input_columns[v]),
                          ""});
    }
  }
  if (!problems.empty()) {
    throw Error(ErrorKind::data, problems);
  }
}

}  // namespace

int predict_command(const PredictOptions& options) {
  const Model model = make_hdf5_models("")->load(options.model_file);
  const TableRequest request{model.rows, options.model_file, model.inputs};
  const auto shards = open_hdf5_shards(describe_hdf5_shards(options.data_files, request), request);
  check_columns(model, *shards);
  std::uint64_t rows = 0;
  for (const ShardInfo& shard : shards->shards()) {
    rows += shard.rows;
  }
  const auto [variables, width] = outputs_of(model);
  OutputFile output(options.output_file, variables, rows, options.overwrite);
  const auto engine = make_onednn_engine(1);
  Predictor predictor(model, *engine);
  std::uint64_t at = 0;
  std::uint64_t unknown = 0;
  for (std::size_t shard = 0; shard < shards->shards().size(); ++shard) {
    const std::uint64_t n = shards->shards()[shard].rows;
    for (std::uint64_t begin = 0; begin < n; begin += block_rows) {
      const std::uint64_t count = std::min(block_rows, n - begin);
      std::vector<double> values(count * width);
      predictor.run(read_inputs(model, *shards, shard, begin, count), values, width);
      std::size_t first = 0;
      for (std::size_t v = 0; v < variables.size(); ++v) {
        std::vector<float> part;
        for (std::uint64_t i = 0; i < count; ++i) {
          for (std::uint64_t j = 0; j < variables[v].columns; ++j) {
            part.push_back(static_cast<float>(values[i * width + first + j]));
            unknown += std::isnan(part.back()) ? 1 : 0;
          }
        }
        output.write(v, at + begin, part);
        first += variables[v].columns;
      }
    }
    at += n;
  }
  output.attribute("model", options.model_file);
  output.attribute("provenance", model.provenance_json);
  output.finish();
  std::printf("%s: %llu rows\n", options.output_file.c_str(),
              static_cast<unsigned long long>(rows));
  if (unknown > 0) {
    std::fprintf(stderr,
                 "warning: %llu predictions are NaN, where an input is missing or outside "
                 "its transform's domain\n",
                 static_cast<unsigned long long>(unknown));
  }
  return 0;
}

}  // namespace twostep
