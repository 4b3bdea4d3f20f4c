#include "adapters/onednn/onednn_engine.hpp"

#include <omp.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "adapters/onednn/primitives.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/vectorise.hpp"
#include "twostep/ports/mlp_layout.hpp"

namespace twostep {
namespace {

using onednn::Eltwise;
using onednn::Matmul;

constexpr std::size_t alignment = 64;

struct FreeDeleter {
  void operator()(float* p) const { std::free(p); }
};

// Cache-line aligned floats, uninitialised.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t n)
      : data_(static_cast<float*>(std::aligned_alloc(
            alignment, (n * sizeof(float) + alignment - 1) / alignment * alignment))) {
    if (!data_ && n > 0) {
      throw std::bad_alloc();
    }
  }
  [[nodiscard]] float* get() const { return data_.get(); }

 private:
  std::unique_ptr<float, FreeDeleter> data_;
};

// delta <- delta * act'(z), where act'(z) follows from y = act(z).
TWOSTEP_VECTORISED
void scale_by_slope(Activation activation, const float* __restrict y, float* __restrict delta,
                    std::size_t n) {
  switch (activation) {
    case Activation::relu:
      for (std::size_t i = 0; i < n; ++i) {
        delta[i] = y[i] > 0.0F ? delta[i] : 0.0F;
      }
      break;
    case Activation::leaky_relu:
      for (std::size_t i = 0; i < n; ++i) {
        delta[i] = y[i] > 0.0F ? delta[i] : 0.01F * delta[i];
      }
      break;
    case Activation::elu:
      for (std::size_t i = 0; i < n; ++i) {
        delta[i] *= y[i] > 0.0F ? 1.0F : y[i] + 1.0F;
      }
      break;
    case Activation::selu: {
      constexpr auto lambda = static_cast<float>(selu_lambda);
      constexpr auto limit = static_cast<float>(selu_lambda * selu_alpha);
      for (std::size_t i = 0; i < n; ++i) {
        delta[i] *= y[i] > 0.0F ? lambda : y[i] + limit;
      }
      break;
    }
    case Activation::tanh:
      for (std::size_t i = 0; i < n; ++i) {
        delta[i] *= 1.0F - y[i] * y[i];
      }
      break;
    case Activation::sigmoid:
      for (std::size_t i = 0; i < n; ++i) {
        delta[i] *= y[i] * (1.0F - y[i]);
      }
      break;
    default:
      break;
  }
}

TWOSTEP_VECTORISED
void sum_columns(const float* __restrict matrix, float* __restrict out, std::size_t rows,
                 std::size_t columns) {
  for (std::size_t j = 0; j < columns; ++j) {
    out[j] = 0.0F;
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const float* row = matrix + i * columns;
    for (std::size_t j = 0; j < columns; ++j) {
      out[j] += row[j];
    }
  }
}

struct Layer {
  LayerLayout at;
  Activation activation = Activation::identity;
  std::unique_ptr<Matmul> forward;
  std::unique_ptr<Matmul> weight_gradient;
  std::unique_ptr<Matmul> data_gradient;  // not for the first layer
  std::unique_ptr<Eltwise> eltwise;       // activations that are not fused
  Buffer before;                          // z, for those
  Buffer after;                           // act(z)
  Buffer delta;                           // dLoss/dz
};

class OneDnnNetwork : public Network {
 public:
  OneDnnNetwork(const dnnl::engine& engine, const NetworkShape& shape, std::uint32_t batch,
                Pass pass)
      : stream_(engine),
        layout_(shape),
        batch_(batch),
        inputs_(shape.inputs),
        outputs_(shape.outputs) {
    const auto rows = static_cast<std::int64_t>(batch);
    for (std::size_t l = 0; l < layout_.layers.size(); ++l) {
      Layer layer;
      layer.at = layout_.layers[l];
      layer.activation =
          l + 1 == layout_.layers.size() ? shape.output_activation : shape.activation;
      const bool fused = onednn::is_fused(layer.activation);
      const auto in = static_cast<std::int64_t>(layer.at.inputs);
      const auto out = static_cast<std::int64_t>(layer.at.outputs);
      const std::size_t size = batch * layer.at.outputs;
      layer.forward = std::make_unique<Matmul>(
          engine, onednn::MatmulShape{rows, in, out, false, false, true,
                                      fused ? layer.activation : Activation::identity});
      layer.after = Buffer(size);
      if (!fused) {
        layer.before = Buffer(size);
        layer.eltwise =
            std::make_unique<Eltwise>(engine, layer.activation, rows, out, pass == Pass::training);
      }
      if (pass == Pass::training) {
        layer.delta = Buffer(size);
        layer.weight_gradient = std::make_unique<Matmul>(
            engine, onednn::MatmulShape{in, rows, out, true, false, false, {}});
        if (l > 0) {
          layer.data_gradient = std::make_unique<Matmul>(
              engine, onednn::MatmulShape{rows, out, in, false, true, false, {}});
        }
      }
      layers_.push_back(std::move(layer));
    }
  }

  void forward(std::span<const float> parameters, std::span<float>, std::span<const float> x,
               std::span<float> y, const BatchContext&) override {
    TWOSTEP_REQUIRE(layers_.front().weight_gradient);
    run(parameters, x, y);
  }

  void infer(const Weights& weights, std::span<const float> x, std::span<float> y) override {
    TWOSTEP_REQUIRE(!layers_.front().weight_gradient);
    run(weights.parameters, x, y);
  }

  void backward(std::span<const float> parameters, std::span<const float> x,
                std::span<const float> dy, std::span<float> gradient, GradientSink* sink) override {
    TWOSTEP_REQUIRE(layers_.front().weight_gradient && gradient.size() >= layout_.parameters);
    TWOSTEP_REQUIRE(dy.size() == batch_ * outputs_ && x.size() == batch_ * inputs_);
    std::memcpy(layers_.back().delta.get(), dy.data(), dy.size() * sizeof(float));
    for (std::size_t l = layers_.size(); l-- > 0;) {
      Layer& layer = layers_[l];
      float* delta = layer.delta.get();
      if (layer.eltwise) {
        layer.eltwise->backward(stream_, layer.before.get(), delta, delta);
      } else {
        scale_by_slope(layer.activation, layer.after.get(), delta, batch_ * layer.at.outputs);
      }
      const float* in = l == 0 ? x.data() : layers_[l - 1].after.get();
      layer.weight_gradient->run(stream_, in, delta, nullptr, gradient.data() + layer.at.weights);
      sum_columns(delta, gradient.data() + layer.at.biases, batch_, layer.at.outputs);
      if (l > 0) {
        layer.data_gradient->run(stream_, delta, parameters.data() + layer.at.weights, nullptr,
                                 layers_[l - 1].delta.get());
      }
      if (sink != nullptr) {
        sink->ready(layer.at.weights, layer.at.biases + layer.at.outputs);
      }
    }
  }

 private:
  dnnl::stream stream_;
  MlpLayout layout_;
  std::size_t batch_;
  std::size_t inputs_;
  std::size_t outputs_;
  std::vector<Layer> layers_;

  void run(std::span<const float> parameters, std::span<const float> x, std::span<float> y) {
    TWOSTEP_REQUIRE(parameters.size() >= layout_.parameters && x.size() == batch_ * inputs_ &&
                    y.size() == batch_ * outputs_);
    const float* in = x.data();
    for (Layer& layer : layers_) {
      const float* weights = parameters.data() + layer.at.weights;
      const float* biases = parameters.data() + layer.at.biases;
      float* z = layer.eltwise ? layer.before.get() : layer.after.get();
      layer.forward->run(stream_, in, weights, biases, z);
      if (layer.eltwise) {
        layer.eltwise->forward(stream_, z, layer.after.get());
      }
      in = layer.after.get();
    }
    std::memcpy(y.data(), in, y.size() * sizeof(float));
  }
};

class OneDnnEngine : public Engine {
 public:
  explicit OneDnnEngine(int threads) : engine_(dnnl::engine::kind::cpu, 0) {
    omp_set_num_threads(threads);
  }

  [[nodiscard]] std::unique_ptr<Network> compile(const NetworkShape& shape, std::uint32_t batch,
                                                 Pass pass) override {
    TWOSTEP_REQUIRE(batch > 0 && shape.inputs > 0 && shape.outputs > 0);
    try {
      return std::make_unique<OneDnnNetwork>(engine_, shape, batch, pass);
    } catch (const dnnl::error& error) {
      if (error.status == dnnl_out_of_memory) {
        throw std::bad_alloc();
      }
      throw Error(ErrorKind::trial,
                  Problem{"", "oneDNN cannot make this network", error.what(), ""});
    }
  }

  [[nodiscard]] std::string description() const override {
    return "oneDNN " + onednn_version() + " (" + onednn_instruction_set() + ")";
  }

 private:
  dnnl::engine engine_;
};

}  // namespace

std::unique_ptr<Engine> make_onednn_engine(int threads) {
  return std::make_unique<OneDnnEngine>(threads);
}

std::string onednn_version() {
  const dnnl_version_t* v = dnnl_version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

std::string onednn_instruction_set() {
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  struct Name {
    unsigned bits;
    const char* name;
  };
  // Supersets first; the values are the bit sets of dnnl_cpu_isa_t.
  constexpr Name names[] = {{0xfef, "avx512_core_amx"},
                            {0xff, "avx512_core_fp16"},
                            {0xe7, "avx512_core_bf16"},
                            {0x67, "avx512_core_vnni"},
                            {0x27, "avx512_core"},
                            {0xf, "avx2_vnni"},
                            {0x7, "avx2"},
                            {0x3, "avx"},
                            {0x1, "sse41"}};
  for (const Name& name : names) {
    if ((isa & name.bits) == name.bits) {
      return name.name;
    }
  }
  return "generic";
}

}  // namespace twostep
