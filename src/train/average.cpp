#include "twostep/train/average.hpp"

#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

TWOSTEP_VECTORISED
void approach(float* __restrict average, const float* __restrict values, std::size_t n,
              float part) {
  for (std::size_t i = 0; i < n; ++i) {
    average[i] += part * (values[i] - average[i]);
  }
}

}  // namespace

void RunningAverage::add(std::span<const float> values) {
  TWOSTEP_REQUIRE(kind_ != Averaging::none);
  ++count_;
  power_ *= decay_;
  if (count_ == 1) {
    values_.assign(values.begin(), values.end());
    return;
  }
  TWOSTEP_REQUIRE(values.size() == values_.size());
  const double part =
      kind_ == Averaging::ema ? (1 - decay_) / (1 - power_) : 1 / static_cast<double>(count_);
  approach(values_.data(), values.data(), values.size(), static_cast<float>(part));
}

void RunningAverage::save(ByteWriter& writer) const {
  writer.u64(count_);
  writer.f64(power_);
  writer.f32s(values_);
}

void RunningAverage::load(ByteReader& reader) {
  count_ = reader.u64();
  power_ = reader.f64();
  values_ = reader.f32s();
}

}  // namespace twostep
