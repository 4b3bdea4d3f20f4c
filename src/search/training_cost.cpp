#include "twostep/search/training_cost.hpp"

#include <algorithm>
#include <bit>

#include "twostep/base/check.hpp"

namespace twostep {
namespace {

constexpr double forward_share = 1.0 / 3;  // of a row's forward and backward pass together
// Of a timed training at least this much was rows, whatever the machine's constants say.
constexpr double least_share = 0.25;

// The factors of alpha and beta.
struct Terms {
  double messages;
  double bytes;
};

Terms terms(double bytes, std::uint32_t ranks) {
  TWOSTEP_REQUIRE(ranks >= 1);
  const double k = ranks;
  return {2.0 * std::bit_width(ranks - 1), 2 * (k - 1) / k * bytes};
}

double row_passes(const TrainingWork& work) {
  return static_cast<double>(work.steps) * static_cast<double>(work.batch_rows) +
         forward_share * static_cast<double>(work.validations) *
             static_cast<double>(work.validation_rows);
}

double serial_seconds(const TrainingWork& work, const MachineCosts& machine) {
  return static_cast<double>(work.steps) *
         (machine.overhead + machine.update * static_cast<double>(work.parameters));
}

}  // namespace

double AllReduceCost::seconds(double bytes, std::uint32_t ranks) const {
  const Terms t = terms(bytes, ranks);
  return t.messages * alpha + t.bytes * beta;
}

AllReduceCost fit_all_reduce(std::span<const AllReduceSample> samples) {
  double mm = 0;
  double mb = 0;
  double bb = 0;
  double m1 = 0;
  double b1 = 0;
  for (const AllReduceSample& s : samples) {
    if (s.ranks < 2 || !(s.seconds > 0)) {
      continue;
    }
    const Terms t = terms(s.bytes, s.ranks);
    const double m = t.messages / s.seconds;
    const double b = t.bytes / s.seconds;
    mm += m * m;
    mb += m * b;
    bb += b * b;
    m1 += m;
    b1 += b;
  }
  TWOSTEP_REQUIRE(mm > 0);
  const double determinant = mm * bb - mb * mb;
  AllReduceCost out{m1 / mm, 0};
  if (determinant > 1e-12 * mm * bb) {
    out = {(m1 * bb - b1 * mb) / determinant, (b1 * mm - m1 * mb) / determinant};
    if (out.beta < 0) {
      out = {m1 / mm, 0};
    } else if (out.alpha < 0) {
      out = {0, b1 / bb};
    }
  }
  return out;
}

double seconds_per_row(const TrainingWork& work, double seconds, const MachineCosts& machine) {
  const double rows = row_passes(work);
  if (!(rows > 0) || !(seconds > 0)) {
    return 0;
  }
  return std::max(seconds - serial_seconds(work, machine), least_share * seconds) / rows;
}

double predict_seconds(const TrainingWork& work, double seconds_per_row, std::uint32_t ranks,
                       const MachineCosts& machine) {
  TWOSTEP_REQUIRE(ranks >= 1);
  const double sharers = static_cast<double>(
      std::clamp<std::uint64_t>(ranks, 1, std::max<std::uint64_t>(work.batch_rows, 1)));
  const double reduction =
      machine.all_reduce.seconds(4.0 * static_cast<double>(work.parameters), ranks);
  return serial_seconds(work, machine) + static_cast<double>(work.steps) * reduction +
         row_passes(work) * seconds_per_row / sharers;
}

}  // namespace twostep
