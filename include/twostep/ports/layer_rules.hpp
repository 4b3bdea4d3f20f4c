// What every engine does in the same way, to the bit where random numbers are concerned: which
// units are dropped, what noise is added, how batch statistics are put together over a team.
//   dropout   Srivastava et al. 2014, inverted: kept units are divided by 1 - p. Unit u of hidden
//             layer l (from 0) at place s of the global batch is dropped iff word u % 4 of the
//             generator's block (index s, lane 65536 l + u / 4) is below 2^32 p.
//   noise     input i at place s gets input_noise times normal i of (index s): Box and Muller on
//   the
//             words of lane i / 4, two at a time: cosine, then sine.
//   batch     Ioffe and Szegedy 2015: moments over the global batch, biased in the pass itself,
//             unbiased in the running statistics.
//   layer     Ba, Kiros and Hinton 2016: moments over the units of a layer, per row.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "twostep/base/rng.hpp"
#include "twostep/ports/engine.hpp"

namespace twostep {

inline constexpr double norm_epsilon = 1e-5;     // added to variances
inline constexpr double running_momentum = 0.1;  // share of a new batch in the running statistics

[[nodiscard]] inline Rng dropout_rng(const BatchContext& batch) {
  return {batch.seed, Purpose::dropout, batch.trial, batch.step};
}
[[nodiscard]] inline Rng noise_rng(const BatchContext& batch) {
  return {batch.seed, Purpose::noise, batch.trial, batch.step};
}
[[nodiscard]] inline std::uint32_t dropout_lane(std::size_t layer) {
  return static_cast<std::uint32_t>(layer) << 16;
}
// Words below this are dropped.
[[nodiscard]] inline std::uint32_t dropout_threshold(double probability) {
  return static_cast<std::uint32_t>(std::min(4294967295.0, std::round(probability * 0x1p32)));
}

// The forward pass of a batch norm over a team. sums: of z and z^2 over the member's rows, [2,
// columns]; becomes mean and 1 / sqrt(variance + epsilon) over the global batch. running: means and
// variances [2, columns], moved towards this batch: averages over the first batches, then
// exponential. Collective: one sum of 2 columns doubles, of every member, also of one without rows.
inline void finish_moments(std::span<double> sums, std::span<float> running,
                           const BatchContext& batch) {
  if (batch.group != nullptr) {
    batch.group->sum(sums);
  }
  const auto rows = static_cast<double>(batch.rows);
  const std::size_t columns = sums.size() / 2;
  const double part = std::max(running_momentum, 1 / (static_cast<double>(batch.step) + 1));
  const auto move = [part](float& value, double to) {
    value = static_cast<float>((1 - part) * static_cast<double>(value) + part * to);
  };
  for (std::size_t j = 0; j < columns; ++j) {
    const double mean = sums[j] / rows;
    const double variance = std::max(0.0, sums[columns + j] / rows - mean * mean);
    sums[j] = mean;
    sums[columns + j] = 1 / std::sqrt(variance + norm_epsilon);
    if (batch.rows > 1) {  // one row says nothing of a variance
      move(running[j], mean);
      move(running[columns + j], variance * rows / (rows - 1));
    }
  }
}

// Its backward pass. sums: of dLoss/dy and of dLoss/dy n over the member's rows, n being the
// normalised values; becomes their means over the global batch. Collective in the same way.
inline void finish_slopes(std::span<double> sums, const BatchContext& batch) {
  if (batch.group != nullptr) {
    batch.group->sum(sums);
  }
  for (double& s : sums) {
    s /= static_cast<double>(batch.rows);
  }
}

}  // namespace twostep
