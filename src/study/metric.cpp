#include "twostep/study/metric.hpp"

#include "study/names.hpp"
#include "twostep/base/check.hpp"

namespace twostep {
namespace {

const std::vector<std::string>& names() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> out = loss_names();
    for (const char* other : {"rmse", "r2", "bias", "accuracy", "balanced_accuracy"}) {
      out.emplace_back(other);
    }
    return out;
  }();
  return all;
}

}  // namespace

Task task_of(Loss loss) {
  return loss == Loss::binary_cross_entropy        ? Task::binary
         : loss == Loss::categorical_cross_entropy ? Task::classes
                                                   : Task::regression;
}

bool is_loss(Metric metric) {
  return metric <= Metric::categorical_cross_entropy;
}

Metric metric_of(Loss loss) {
  return static_cast<Metric>(loss);
}

Loss loss_of(Metric metric) {
  TWOSTEP_REQUIRE(is_loss(metric));
  return static_cast<Loss>(metric);
}

bool larger_is_better(Metric metric) {
  return metric == Metric::r2 || metric == Metric::accuracy || metric == Metric::balanced_accuracy;
}

double natural_value(Metric metric, double minimised) {
  return larger_is_better(metric) ? 0 - minimised : minimised;
}

bool suits(Metric metric, Task task) {
  switch (metric) {
    case Metric::huber:
    case Metric::log_cosh:
    case Metric::quantile:
      return task == Task::regression;
    case Metric::mse:
    case Metric::mae:
    case Metric::rmse:
    case Metric::r2:
    case Metric::bias:
      return task != Task::classes;
    case Metric::binary_cross_entropy:
      return task == Task::binary;
    case Metric::categorical_cross_entropy:
      return task == Task::classes;
    case Metric::accuracy:
    case Metric::balanced_accuracy:
      return task != Task::regression;
  }
  return false;
}

const char* name(Metric v) {
  return name_of(names(), v);
}
bool parse_name(const std::string& text, Metric& out) {
  return value_of(names(), text, out);
}
std::vector<std::string> metric_names() {
  return names();
}

}  // namespace twostep
