// What predictions are measured by: the losses, and figures that are not trained on but reported
// and may rank trials (search.objective). Each has a natural direction; inside the program every
// objective is minimised, and only what people read shows the natural value.
#pragma once

#include <string>
#include <vector>

#include "twostep/study/hyperparameters.hpp"

namespace twostep {

// What the targets are, which follows from the loss.
enum class Task {
  regression,  // numbers
  binary,      // probabilities, or 0 and 1; the network's output is their logit
  classes      // one of K; the network's K outputs are logits
};

enum class Metric {  // the losses, in the order of Loss, then the others
  mse,
  mae,
  huber,
  log_cosh,
  quantile,
  binary_cross_entropy,
  categorical_cross_entropy,
  rmse,
  r2,
  bias,
  accuracy,
  balanced_accuracy
};

[[nodiscard]] Task task_of(Loss loss);
[[nodiscard]] bool is_loss(Metric metric);
[[nodiscard]] Metric metric_of(Loss loss);
[[nodiscard]] Loss loss_of(Metric metric);  // requires is_loss
[[nodiscard]] bool larger_is_better(Metric metric);
// Between what the program minimises and what people read; its own inverse.
[[nodiscard]] double natural_value(Metric metric, double minimised);
[[nodiscard]] bool suits(Metric metric, Task task);

[[nodiscard]] const char* name(Metric);
[[nodiscard]] bool parse_name(const std::string& text, Metric& out);
[[nodiscard]] std::vector<std::string> metric_names();

}  // namespace twostep
