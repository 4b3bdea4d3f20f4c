#include "twostep/train/memory.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

constexpr double float_bytes = 4;
constexpr double evaluation_rows = 1024;  // of a block, when a network is evaluated
// Parameters, the best of them, the gradient, and the engine's copies in its own layout.
constexpr double parameter_copies = 3 + 2;

double moments(OptimizerKind optimizer) {
  return optimizer == OptimizerKind::sgd || optimizer == OptimizerKind::lion ||
                 optimizer == OptimizerKind::rmsprop
             ? 1
             : 2;
}

std::string megabytes(std::uint64_t bytes) {
  char out[32];
  std::snprintf(out, sizeof out, "%.0f MB", static_cast<double>(bytes) / 1e6);
  return out;
}

}  // namespace

std::uint64_t training_bytes(const NetworkShape& shape, OptimizerKind optimizer,
                             std::uint64_t share_rows) {
  double from = shape.inputs;
  double parameters = 0;
  double units = from;  // of all layers
  double widest = std::max<double>(from, shape.outputs);
  const auto add = [&](double to) {
    parameters += (from + 1) * to;
    units += to;
    widest = std::max(widest, to);
    from = to;
  };
  for (const std::uint32_t width : shape.widths) {
    add(width);
  }
  add(shape.outputs);
  const double rows = static_cast<double>(share_rows);
  const double bytes =
      float_bytes * ((parameter_copies + moments(optimizer)) * parameters +
                     2 * units * rows +              // activations and their gradients
                     2 * widest * evaluation_rows);  // two layers at a time, when evaluating
  constexpr double most = 9e18;
  return bytes < most ? static_cast<std::uint64_t>(bytes)
                      : std::numeric_limits<std::uint64_t>::max();
}

void require_memory(std::uint64_t needed, std::uint64_t available) {
  if (available > 0 && needed > available) {
    throw Error(ErrorKind::resources,
                Problem{"", "this configuration needs too much memory",
                        "about " + megabytes(needed) + " for parameters, optimiser and batch; " +
                            megabytes(available) + " are this rank's share of what is free",
                        "limit model.width, model.layers or training.batch_size, or start fewer "
                        "ranks per node"});
  }
}

}  // namespace twostep
