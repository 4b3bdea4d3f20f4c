// Networks with norms, dropout, noise, skips and softmax: what every engine must make of them,
// alone and in a team.
#pragma once

#include "support/engine_suite.hpp"
#include "support/thread_group.hpp"
#include "twostep/base/row_range.hpp"

namespace twostep::test {

struct Feature {
  std::string label;
  NetworkShape shape;
  bool smooth = true;  // finite differences apply
};

inline std::vector<Feature> features() {
  const NetworkShape plain{5, {6, 6, 4}, 3, Activation::tanh, Activation::identity};
  std::vector<Feature> out;
  const auto add = [&](const char* label, auto change, bool smooth = true) {
    out.push_back({label, plain, smooth});
    change(out.back().shape);
  };
  add("dropout", [](NetworkShape& s) { s.dropout = {0.3, 0, 0.5}; });
  add("noise", [](NetworkShape& s) { s.input_noise = 0.4; });
  add("batch norm", [](NetworkShape& s) { s.norm = Norm::batch; });
  add("layer norm", [](NetworkShape& s) { s.norm = Norm::layer; });
  add("residual", [](NetworkShape& s) { s.residual = true; });
  add("softmax", [](NetworkShape& s) { s.output_activation = Activation::softmax; });
  const auto all = [](NetworkShape& s) {
    s.dropout = {0.2, 0.4, 0.1};
    s.input_noise = 0.3;
    s.residual = true;
    s.output_activation = Activation::softmax;
  };
  add("all, batch norm, gelu", [&](NetworkShape& s) {
    all(s);
    s.norm = Norm::batch;
    s.activation = Activation::gelu;
  });
  add("all, layer norm, sigmoid", [&](NetworkShape& s) {
    all(s);
    s.norm = Norm::layer;
    s.activation = Activation::sigmoid;
  });
  for (const Norm norm : {Norm::none, Norm::batch, Norm::layer}) {
    for (const Activation activation :
         {Activation::relu, Activation::leaky_relu, Activation::elu, Activation::selu,
          Activation::silu, Activation::softplus, Activation::identity}) {
      out.push_back({std::string("wide, norm ") + name(norm) + ", " + name(activation),
                     {7,
                      {37, 70, 70, 70},
                      19,
                      activation,
                      Activation::sigmoid,
                      norm,
                      {0.5, 0.1, 0.2, 0},
                      0.1,
                      true},
                     false});
    }
  }
  return out;
}

// Parameters as after some training: nothing is 0 or 1.
inline std::vector<float> some_parameters(const NetworkShape& shape) {
  const MlpLayout layout(shape);
  std::vector<float> out(layout.parameters);
  initialise(shape, Initialisation::automatic, Rng(5, Purpose::initialise), out);
  const auto more = normals(out.size(), 3, 0.1);
  for (const LayerLayout& l : layout.layers) {
    for (std::size_t i = l.biases; i < l.end(); ++i) {
      out[i] += more[i];
    }
  }
  return out;
}

struct TrainingPass {
  std::vector<float> y;
  std::vector<float> gradient;
  std::vector<float> state;
};

// Two steps on this part of a global batch; the gradient is that of the second.
inline TrainingPass train_on(Engine& engine, const NetworkShape& shape, std::uint64_t rows,
                             RowRange mine, Group* group) {
  const auto n = static_cast<std::uint32_t>(mine.size());
  const auto parameters = some_parameters(shape);
  TrainingPass out{std::vector<float>(n * shape.outputs), std::vector<float>(parameters.size()),
                   initial_state(shape)};
  const auto network = engine.compile(shape, n, Pass::training);
  for (std::uint64_t step = 4; step < 6; ++step) {
    const auto all_x = normals(rows * shape.inputs, 20 + step);
    const auto all_dy = normals(rows * shape.outputs, 30 + step, 1.0 / static_cast<double>(rows));
    const auto x = std::span(all_x).subspan(mine.begin * shape.inputs, n * shape.inputs);
    const auto dy = std::span(all_dy).subspan(mine.begin * shape.outputs, n * shape.outputs);
    network->forward(parameters, out.state, x, out.y, {9, 2, step, mine.begin, rows, group});
    RangeSink sink(out.gradient);
    network->backward(parameters, x, dy, out.gradient, &sink);
    sink.expect_whole_and_final();
  }
  return out;
}

inline void expect_close(const TrainingPass& got, const TrainingPass& truth, double tolerance,
                         const std::string& label) {
  EXPECT_LT(relative_distance(got.y, truth.y), tolerance) << label;
  EXPECT_LT(relative_distance(got.gradient, truth.gradient), tolerance) << label;
  EXPECT_LT(relative_distance(got.state, truth.state), tolerance) << label;
}

inline void expect_features_like_reference(Engine& engine) {
  const auto reference = make_reference_engine();
  for (const Feature& f : features()) {
    for (const std::uint64_t rows : {5U, 64U}) {
      const std::string label = f.label + ", rows " + std::to_string(rows);
      const TrainingPass truth = train_on(*reference, f.shape, rows, {0, rows}, nullptr);
      const TrainingPass got = train_on(engine, f.shape, rows, {0, rows}, nullptr);
      expect_close(got, truth, 2e-5, label);
      const auto n = static_cast<std::uint32_t>(rows);
      const auto parameters = some_parameters(f.shape);
      const auto x = normals(rows * f.shape.inputs, 40);
      std::vector<float> y(rows * f.shape.outputs);
      std::vector<float> expected(y.size());
      engine.compile(f.shape, n, Pass::inference)->infer({parameters, truth.state}, x, y);
      reference->compile(f.shape, n, Pass::inference)
          ->infer({parameters, truth.state}, x, expected);
      EXPECT_LT(relative_distance(y, expected), 2e-5) << "inference, " << label;
    }
  }
}

// k members on the parts of a global batch find what one finds on all of it.
template <class MakeEngine>
void expect_team_like_one(MakeEngine make_engine) {
  constexpr std::uint64_t rows = 23;
  for (const Feature& f : features()) {
    const auto engine = make_engine();
    const TrainingPass alone = train_on(*engine, f.shape, rows, {0, rows}, nullptr);
    for (const int members : {2, 3}) {
      std::vector<TrainingPass> parts(static_cast<std::size_t>(members));
      ThreadTeam team(members);
      team.run([&](Group& group) {
        const auto mine = make_engine();
        parts[static_cast<std::size_t>(group.rank())] =
            train_on(*mine, f.shape, rows, share_of({0, rows}, group.rank(), members), &group);
      });
      TrainingPass together{{}, std::vector<float>(alone.gradient.size()), parts[0].state};
      for (const TrainingPass& part : parts) {
        EXPECT_EQ(part.state, together.state) << f.label;
        together.y.insert(together.y.end(), part.y.begin(), part.y.end());
        for (std::size_t i = 0; i < part.gradient.size(); ++i) {
          together.gradient[i] += part.gradient[i];
        }
      }
      expect_close(together, alone, 2e-5, f.label + ", members " + std::to_string(members));
    }
  }
}

// Identity matrices all along, so the result shows which units were dropped.
template <class MakeEngine>
void expect_same_units_dropped(MakeEngine make_engine) {
  constexpr std::uint32_t width = 21;
  constexpr std::uint64_t rows = 13;
  NetworkShape shape{width, {width}, width, Activation::identity, Activation::identity};
  shape.dropout = {0.25};
  const MlpLayout layout(shape);
  std::vector<float> parameters(layout.parameters, 0.0F);
  for (const LayerLayout& l : layout.layers) {
    for (std::size_t i = 0; i < width; ++i) {
      parameters[l.weights + i * width + i] = 1.0F;
    }
  }
  const auto result = [&](std::uint64_t step, RowRange mine) {
    const auto engine = make_engine();
    const auto n = static_cast<std::uint32_t>(mine.size());
    const std::vector<float> x(n * width, 1.0F);
    std::vector<float> y(x.size());
    engine->compile(shape, n, Pass::training)
        ->forward(parameters, {}, x, y, {1, 7, step, mine.begin, rows, nullptr});
    return y;
  };
  const std::vector<float> whole = result(3, {0, rows});
  EXPECT_NE(result(4, {0, rows}), whole);
  const Rng rng(1, Purpose::dropout, 7, 3);
  for (std::uint32_t i = 0; i < whole.size(); ++i) {
    const std::uint32_t unit = i % width;
    const auto words = rng.block(i / width, unit / 4);
    const auto word = static_cast<std::uint32_t>(words[unit % 4 / 2] >> (32 * (unit % 2)));
    EXPECT_EQ(whole[i], word < (1U << 30) ? 0.0F : 1.0F / 0.75F) << i;
  }
  for (const int members : {2, 5}) {
    std::vector<float> joined;
    for (int rank = 0; rank < members; ++rank) {
      const auto part = result(3, share_of({0, rows}, rank, members));
      joined.insert(joined.end(), part.begin(), part.end());
    }
    EXPECT_EQ(joined, whole) << members;
  }
}

}  // namespace twostep::test
