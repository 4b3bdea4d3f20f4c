#include "data/class_targets.hpp"

#include <algorithm>
#include <cmath>

#include "twostep/base/error.hpp"
#include "twostep/data/row_split.hpp"
#include "twostep/data/transform.hpp"

namespace twostep {
namespace {

constexpr std::uint64_t block_rows = 1U << 16;
constexpr std::uint64_t sampled_rows = 1U << 20;  // where not all have to be read
constexpr std::uint64_t most_classes = 65536;

std::string number(double v) {
  return to_text(Value(v));
}

[[noreturn]] void refuse(const StudySpec& spec, const std::string& place, std::size_t target,
                         double value, Label label) {
  const VariableSpec& v = spec.data.targets[target];
  if (spec.task() == Task::binary) {
    throw Error(
        ErrorKind::data,
        Problem{v.where, "binary_cross_entropy of " + v.name + ", which holds " + number(value),
                place + "; its targets are 0 and 1, or probabilities between them",
                "choose another training.loss"});
  }
  const std::string what =
      "categorical_cross_entropy of " + v.name + ", which holds " + number(value);
  if (label == Label::fraction) {
    throw Error(ErrorKind::data, Problem{v.where, what, place + "; a class is a whole number",
                                         "choose another training.loss"});
  }
  const std::uint64_t classes = spec.data.classes > 0 ? spec.data.classes : most_classes;
  throw Error(ErrorKind::data,
              Problem{v.where, what,
                      place + "; classes are numbered from 0 to " + std::to_string(classes - 1),
                      "data.classes says how many there are; {name: " + v.name +
                          ", offset: ...} shifts their numbers"});
}

// Looks at a part of a target variable; returns its largest value.
double scan(const StudySpec& spec, Shards& shards, const DataPlan& plan, std::size_t target,
            std::uint64_t begin, std::uint64_t end) {
  const std::size_t variable = spec.data.inputs.size() + target;
  const std::uint64_t columns = plan.target_columns[target];
  const std::uint64_t classes = spec.data.classes > 0 ? spec.data.classes : most_classes;
  double largest = 0;
  std::vector<double> values;
  for (std::uint64_t at = begin; at < end; at += block_rows) {
    const std::uint64_t n = std::min(block_rows, end - at);
    values.resize(n * columns);
    read_global_range(shards, plan, variable, at, n, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = transformed(spec.data.targets[target], values[i]);
      const Label label = std::isnan(value) ? Label::good : label_of(spec.task(), value, classes);
      if (label != Label::good) {
        refuse(spec, place_of(shards, plan, variable, at + i / columns, i % columns), target,
               values[i], label);
      }
      largest = value > largest ? value : largest;
    }
  }
  return largest;
}

}  // namespace

Label label_of(Task task, double value, std::uint64_t classes) {
  if (task == Task::binary) {
    return value >= 0 && value <= 1 ? Label::good : Label::outside;
  }
  if (value != std::floor(value)) {
    return Label::fraction;
  }
  return value >= 0 && value < static_cast<double>(classes) ? Label::good : Label::outside;
}

std::uint64_t read_classes(const StudySpec& spec, Shards& shards, const DataPlan& plan) {
  const Task task = spec.task();
  if (task == Task::regression) {
    return 0;
  }
  if (task == Task::classes && plan.targets() != 1) {
    throw Error(ErrorKind::data,
                Problem{spec.data.targets[0].where,
                        "the class target " + spec.data.targets[0].name + " has " +
                            std::to_string(plan.targets()) + " columns",
                        "categorical_cross_entropy has one class per row, in a variable [N]", ""});
  }
  const bool all = task == Task::classes && spec.data.classes == 0;
  const std::size_t shard_count = std::max<std::size_t>(1, shards.shards().size());
  const std::uint64_t some = std::max<std::uint64_t>(1, sampled_rows / shard_count);
  double largest = 0;
  for (std::size_t t = 0; t < spec.data.targets.size(); ++t) {
    for (std::size_t s = 0; s + 1 < plan.shard_begin.size(); ++s) {
      const std::uint64_t begin = plan.shard_begin[s];
      const std::uint64_t end = plan.shard_begin[s + 1];
      largest = std::max(
          largest, scan(spec, shards, plan, t, begin, all ? end : std::min(end, begin + some)));
    }
  }
  if (task == Task::binary) {
    return 0;
  }
  if (spec.data.classes > 0) {
    return spec.data.classes;
  }
  if (largest < 1) {
    throw Error(ErrorKind::data,
                Problem{spec.data.targets[0].where,
                        "the class target " + spec.data.targets[0].name + " has one class",
                        "all its values are 0: a softmax needs two classes at least",
                        "give data.classes if there are more than the data show"});
  }
  return static_cast<std::uint64_t>(largest) + 1;
}

}  // namespace twostep
