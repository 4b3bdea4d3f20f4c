// Matrix products so small that a call of oneDNN costs several times what it computes (300 ns of
// overhead against 32 x 16 x 16 in 100 ns), and with AVX2 those of few weights and any number of
// rows, since oneDNN goes over the result again for bias and relu. Plain loops over registers, in
// an order that depends on the shape alone, so that neither alignment nor a team changes the bits.
#pragma once

#include "adapters/onednn/buffer.hpp"
#include "adapters/onednn/matmul.hpp"

namespace twostep::onednn {

class SmallMatmul {
 public:
  [[nodiscard]] static bool fits(const MatmulShape& shape);
  explicit SmallMatmul(const MatmulShape& shape);  // requires fits(shape)
  void run(const float* a, const float* b, const float* bias, float* c);

 private:
  MatmulShape shape_;
  std::size_t padded_n_;
  bool packs_;            // b is transposed, or its rows are no whole vectors
  Buffer<float> packed_;  // b as [k, padded_n]
};

}  // namespace twostep::onednn
