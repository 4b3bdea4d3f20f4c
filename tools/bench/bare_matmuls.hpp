// The limit of a training step: oneDNN's matmuls of its forward pass, weight and data gradients, on
// buffers of their own and nothing else, each in the faster of two layouts of its second operand
// (row-major, or the one that oneDNN prefers, already reordered).
#pragma once

#include <vector>

#include "adapters/onednn/buffer.hpp"
#include "adapters/onednn/matmul.hpp"
#include "twostep/ports/engine.hpp"

namespace twostep::bench {

// One matmul on buffers of its own.
class BareMatmul {
 public:
  BareMatmul(const dnnl::engine& engine, const onednn::MatmulShape& shape);
  void run(const dnnl::stream& stream) {
    matmul_.run(stream, a_.get(), b_.get(), nullptr, c_.get());
  }
  [[nodiscard]] double seconds(const dnnl::stream& stream);  // the least of several timings

 private:
  onednn::Matmul matmul_;
  onednn::Buffer<float> a_, b_, c_;
};

class BareMatmuls {
 public:
  // Pass::inference: the forward products alone.
  BareMatmuls(const NetworkShape& shape, std::int64_t batch, onednn::Element operands,
              Pass pass = Pass::training);
  void run();
  [[nodiscard]] double operations() const { return operations_; }  // of one run
  [[nodiscard]] bool any_preferred() const { return any_preferred_; }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<BareMatmul> matmuls_;
  double operations_ = 0;
  bool any_preferred_ = false;

  void add(onednn::MatmulShape shape);
};

}  // namespace twostep::bench
