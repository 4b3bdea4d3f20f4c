#include "twostep/node/all_reduce_timing.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace twostep {
namespace {

struct Size {
  std::size_t values;
  int repeats;  // the same on every member, whatever its clock says
};

constexpr Size sizes[] = {{2, 20}, {1U << 13U, 10}, {1U << 18U, 5}};

}  // namespace

AllReduceCost time_all_reduce(Group& group, Clock& clock) {
  std::vector<AllReduceSample> samples;
  for (const auto& [values, repeats] : sizes) {
    std::vector<float> data(values, 0.0F);
    group.sum(data);  // connections and buffers are made by the first
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i < repeats; ++i) {
      const Time begun = clock.now();
      group.sum(data);
      least = std::min(least, seconds(clock.now() - begun));
    }
    samples.push_back({4.0 * static_cast<double>(values), static_cast<std::uint32_t>(group.size()),
                       std::max(least, 1e-9)});
  }
  return fit_all_reduce(samples);
}

}  // namespace twostep
