// A matrix as the products of a layer take it: float32 where it lies, or a copy in lower precision,
// made once and used by every product that needs it.
#pragma once

#include "adapters/onednn/buffer.hpp"
#include "adapters/onednn/rounding.hpp"
#include "twostep/study/hyperparameters.hpp"

namespace twostep::onednn {

class Operand {
 public:
  Operand() = default;
  Operand(Precision precision, std::size_t n)
      : precision_(precision),
        n_(n),
        half_(precision == Precision::bf16 ? n : 0),
        rounded_(precision == Precision::bf16_emulated ? n : 0) {}

  // The values hold until the next call; in float32 they must also stay where they are.
  void set(const float* values) {
    data_ = values;
    if (precision_ == Precision::bf16) {
      to_bf16(values, half_.get(), n_);
      data_ = half_.get();
    } else if (precision_ == Precision::bf16_emulated) {
      round_to_bf16(values, rounded_.get(), n_);
      data_ = rounded_.get();
    }
  }
  // The values of the last set(), which may have moved.
  void set_again(const float* values) { data_ = precision_ == Precision::float32 ? values : data_; }
  [[nodiscard]] const void* get() const { return data_; }

 private:
  Precision precision_ = Precision::float32;
  std::size_t n_ = 0;
  const void* data_ = nullptr;
  Buffer<std::uint16_t> half_;
  Buffer<float> rounded_;
};

}  // namespace twostep::onednn
