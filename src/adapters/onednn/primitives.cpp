#include "adapters/onednn/primitives.hpp"

namespace twostep::onednn {

std::shared_ptr<Matmul> Primitives::matmul(const MatmulShape& shape) {
  return matmuls_.get(shape, [&] { return std::make_shared<Matmul>(engine_, shape); });
}

std::shared_ptr<Eltwise> Primitives::eltwise(const EltwiseShape& s) {
  return eltwises_.get(s, [&] {
    return std::make_shared<Eltwise>(engine_, s.activation, s.rows, s.columns, s.backward);
  });
}

}  // namespace twostep::onednn
