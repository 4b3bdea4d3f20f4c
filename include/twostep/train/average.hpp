// An average of weights over the steps of a training. Its values are usable after the first add.
//   ema   a_n = sum_i (1 - d) d^(n - i) w_i / (1 - d^n), the exponential average without the bias
//         towards its start (as in Kingma and Ba 2015)
//   swa   the equal mean of all (Izmailov et al. 2018)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "twostep/base/bytes.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

class RunningAverage {
 public:
  explicit RunningAverage(Averaging kind = Averaging::none, double decay = 0)
      : kind_(kind), decay_(decay) {}
  void add(std::span<const float> values);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] const std::vector<float>& values() const { return values_; }
  void save(ByteWriter& writer) const;
  void load(ByteReader& reader);

 private:
  Averaging kind_;
  double decay_;
  std::uint64_t count_ = 0;
  double power_ = 1;  // decay^count
  std::vector<float> values_;
};

}  // namespace twostep
