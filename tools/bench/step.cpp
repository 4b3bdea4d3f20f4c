// Time of a training step against its limit: the sum of its bare oneDNN matmuls (forward, weight
// gradient, data gradient), timed alternately in the same run.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "adapters/onednn/onednn_engine.hpp"
#include "adapters/onednn/primitives.hpp"
#include "bench/benches.hpp"
#include "twostep/base/rng.hpp"
#include "twostep/ports/mlp_layout.hpp"
#include "twostep/train/mlp.hpp"
#include "twostep/train/optimizer.hpp"

namespace twostep::bench {
namespace {

constexpr std::uint32_t inputs = 16;
constexpr std::uint32_t outputs = 4;
constexpr int repeats = 15;

using Seconds = std::chrono::duration<double>;

template <class Work>
double time_of(int rounds, Work work) {
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) {
    work();
  }
  return Seconds(std::chrono::steady_clock::now() - begun).count() / rounds;
}

// The matmuls of one step on buffers of their own.
class BareMatmuls {
 public:
  BareMatmuls(const NetworkShape& shape, std::int64_t batch)
      : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    const MlpLayout layout(shape);
    for (std::size_t l = 0; l < layout.layers.size(); ++l) {
      const auto in = static_cast<std::int64_t>(layout.layers[l].inputs);
      const auto out = static_cast<std::int64_t>(layout.layers[l].outputs);
      add({batch, in, out, false, false, false, {}});
      add({in, batch, out, true, false, false, {}});
      if (l > 0) {
        add({batch, out, in, false, true, false, {}});
      }
    }
  }
  void run() {
    for (Item& item : items_) {
      item.matmul.run(stream_, item.a.data(), item.b.data(), nullptr, item.c.data());
    }
  }

 private:
  struct Item {
    onednn::Matmul matmul;
    std::vector<float> a, b, c;
  };
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<Item> items_;

  void add(const onednn::MatmulShape& s) {
    const auto size = [](std::int64_t x, std::int64_t y) {
      return static_cast<std::size_t>(x * y);
    };
    items_.push_back({onednn::Matmul(engine_, s), std::vector<float>(size(s.m, s.k), 0.5F),
                      std::vector<float>(size(s.k, s.n), 0.25F),
                      std::vector<float>(size(s.m, s.n))});
  }
};

void measure(std::uint32_t width, std::uint32_t layers, std::uint32_t batch,
             Activation activation) {
  const NetworkShape shape{inputs, std::vector<std::uint32_t>(layers, width), outputs, activation,
                           Activation::sigmoid};
  const auto engine = make_onednn_engine(1);
  const auto network = engine->compile(shape, batch, Pass::training);
  const MlpLayout layout(shape);
  std::vector<float> parameters(layout.parameters);
  initialise(shape, Initialisation::automatic, Rng(1, Purpose::initialise), parameters);
  std::vector<float> gradient(layout.parameters);
  std::vector<float> x(batch * inputs, 0.5F);
  std::vector<float> y(batch * outputs);
  std::vector<float> target(batch * outputs, 0.3F);
  TrainingSettings settings;
  Optimizer optimizer(settings, layout);
  const auto step = [&] {
    network->forward(parameters, {}, x, y, {});
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = (y[i] - target[i]) / static_cast<float>(y.size());
    }
    network->backward(parameters, x, y, gradient, nullptr);
    optimizer.step(parameters, gradient, 1e-3);
  };
  BareMatmuls bare(shape, batch);
  const auto matmuls = [&] { bare.run(); };
  const int rounds = std::max(3, static_cast<int>(0.02 / std::max(1e-7, time_of(3, step))));
  std::vector<double> ratios;
  double best_step = 1e9;
  double best_bare = 1e9;
  for (int i = 0; i < repeats; ++i) {
    const double limit = time_of(rounds, matmuls);
    const double ours = time_of(rounds, step);
    best_step = std::min(best_step, ours);
    best_bare = std::min(best_bare, limit);
    ratios.push_back(ours / limit);
  }
  std::sort(ratios.begin(), ratios.end());
  std::printf(
      "  %u x %-4u batch %-4u %-5s step %8.1f us, matmuls %8.1f us, ratio min %.2f median %.2f\n",
      layers, width, batch, name(activation), 1e6 * best_step, 1e6 * best_bare, ratios.front(),
      ratios[ratios.size() / 2]);
}

}  // namespace

int step_bench() {
  std::printf(
      "Training step (forward, loss, backward, Adam) against its bare matmuls, one thread, %s\n",
      make_onednn_engine(1)->description().c_str());
  for (const Activation activation : {Activation::relu, Activation::tanh, Activation::gelu}) {
    for (const std::uint32_t width : {32U, 128U, 512U}) {
      for (const std::uint32_t batch : {64U, 256U}) {
        measure(width, 3, batch, activation);
      }
    }
  }
  return 0;
}

}  // namespace twostep::bench
