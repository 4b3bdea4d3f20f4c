#include "bench/bare_matmuls.hpp"

#include "bench/stopwatch.hpp"
#include "twostep/ports/mlp_layout.hpp"

namespace twostep::bench {
namespace {

onednn::Buffer<float> filled(std::int64_t n) {
  onednn::Buffer<float> buffer(static_cast<std::size_t>(n));
  std::fill_n(buffer.get(), n, 0.0F);
  return buffer;
}

}  // namespace

// Zeros, which are zeros in every type and layout, take as long as other numbers.
BareMatmul::BareMatmul(const dnnl::engine& engine, const onednn::MatmulShape& s)
    : matmul_(engine, s),
      a_(filled(s.m * s.k)),
      b_(filled(static_cast<std::int64_t>(matmul_.b_desc().get_size() / sizeof(float) + 1))),
      c_(filled(s.m * s.n)) {}

double BareMatmul::seconds(const dnnl::stream& stream) {
  const int rounds = rounds_of(1e-3, [&] { run(stream); });
  double least = 1e9;
  for (int i = 0; i < 7; ++i) {
    least = std::min(least, time_of(rounds, [&] { run(stream); }));
  }
  return least;
}

BareMatmuls::BareMatmuls(const NetworkShape& shape, std::int64_t batch, onednn::Element operands,
                         Pass pass)
    : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
  const MlpLayout layout(shape);
  for (std::size_t l = 0; l < layout.layers.size(); ++l) {
    const auto in = static_cast<std::int64_t>(layout.layers[l].inputs);
    const auto out = static_cast<std::int64_t>(layout.layers[l].outputs);
    add({.m = batch, .k = in, .n = out, .operands = operands});
    if (pass == Pass::inference) {
      continue;
    }
    add({.m = in, .k = batch, .n = out, .a_transposed = true, .operands = operands});
    if (l > 0) {
      add({.m = batch, .k = out, .n = in, .b_transposed = true, .operands = operands});
    }
  }
}

void BareMatmuls::add(onednn::MatmulShape shape) {
  BareMatmul plain(engine_, shape);
  shape.preferred_b = true;
  BareMatmul preferred(engine_, shape);
  const bool faster = preferred.seconds(stream_) < plain.seconds(stream_);
  any_preferred_ = any_preferred_ || faster;
  matmuls_.push_back(std::move(faster ? preferred : plain));
  operations_ += 2.0 * static_cast<double>(shape.m * shape.k * shape.n);
}

void BareMatmuls::run() {
  for (BareMatmul& matmul : matmuls_) {
    matmul.run(stream_);
  }
}

}  // namespace twostep::bench
