// Matrix products with few columns, as of a layer with one output, where oneDNN fills a fraction of
// its vectors (64 -> 1 over 128 rows: 2.5 us, of which the loads take a tenth). Loops along the
// long side, bound by reading a, in an order that depends on the shape alone; a row's result does
// not depend on how many rows there are.
#pragma once

#include "adapters/onednn/buffer.hpp"
#include "adapters/onednn/matmul.hpp"

namespace twostep::onednn {

class NarrowMatmul {
 public:
  [[nodiscard]] static bool fits(const MatmulShape& shape);
  explicit NarrowMatmul(const MatmulShape& shape);  // requires fits(shape)
  void run(const float* a, const float* b, const float* bias, float* c);

 private:
  void pack(const float* b);
  void unpack(float* c) const;

  MatmulShape shape_;
  std::size_t row_;       // of turned_, in numbers: whole vectors
  Buffer<float> turned_;  // b, or with a transposed c, as [n, row_]
};

}  // namespace twostep::onednn
