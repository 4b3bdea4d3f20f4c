// How long a training will take, from one of the same network that was timed, and how that changes
// with the number of ranks that share it. Used to plan teams; whoever needs a prediction of a
// trial's seconds can use it too. The model, per optimiser step of a team of k:
//   overhead + parameters update + (batch rows / k) c + all-reduce(4 bytes x parameters, k)
// where c, the seconds of a row forwards and backwards, comes from the timed training; a validated
// row, which is only passed forwards, costs c / 3. Overhead and update do not shrink with k: that
// is Amdahl's part. The all-reduce is Hockney's model of Rabenseifner's algorithm (Thakur,
// Rabenseifner and Gropp 2005): 2 ceil(log2 k) alpha + 2 (k - 1) / k bytes beta.
#pragma once

#include <cstdint>
#include <span>

namespace twostep {

struct AllReduceCost {
  double alpha = 5e-6;    // seconds per message
  double beta = 2.5e-10;  // seconds per byte
  [[nodiscard]] double seconds(double bytes, std::uint32_t ranks) const;
};

struct AllReduceSample {
  double bytes = 0;
  std::uint32_t ranks = 2;
  double seconds = 0;
};

// Least squares of the relative errors, neither below 0. At least one sample with ranks > 1.
[[nodiscard]] AllReduceCost fit_all_reduce(std::span<const AllReduceSample> samples);

struct MachineCosts {
  double update = 2e-9;    // seconds per parameter and step
  double overhead = 5e-6;  // seconds per step
  AllReduceCost all_reduce;
};

struct TrainingWork {
  std::uint64_t parameters = 0;
  std::uint64_t steps = 0;
  std::uint64_t batch_rows = 0;
  std::uint64_t validations = 0;
  std::uint64_t validation_rows = 0;  // of each validation
};

// c of the model, from `work` done by one rank in `seconds`; 0 if no row was looked at.
[[nodiscard]] double seconds_per_row(const TrainingWork& work, double seconds,
                                     const MachineCosts& machine);
// Of the same network on other rows or for another time, by a team of `ranks`. Members beyond the
// batch's rows have nothing to do.
[[nodiscard]] double predict_seconds(const TrainingWork& work, double seconds_per_row,
                                     std::uint32_t ranks, const MachineCosts& machine);

}  // namespace twostep
