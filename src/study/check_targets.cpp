#include <cmath>

#include "study/reader_context.hpp"
#include "twostep/study/metric.hpp"

namespace twostep {
namespace {

// The losses that a trial may be trained with.
std::vector<Loss> losses_of(const Setting& setting) {
  std::vector<Loss> out;
  const auto add = [&](const Value& value) {
    Loss loss{};
    if (const auto* text = std::get_if<std::string>(&value); text && parse_name(*text, loss)) {
      out.push_back(loss);
    }
  };
  if (!setting.range) {
    add(setting.constant);
  } else {
    for (const Value& value : setting.range->choices) {
      add(value);
    }
  }
  return out;
}

bool check_one_task(ReaderContext& c, const Setting& loss, Task& task) {
  const std::vector<Loss> losses = losses_of(loss);
  if (losses.empty()) {
    return false;  // already told
  }
  task = task_of(losses.front());
  for (const Loss other : losses) {
    if (task_of(other) != task) {
      c.problem(loss.where,
                std::string("training.loss: ") + name(losses.front()) + " beside " + name(other),
                "they mean other targets and other outputs, so that trials could not be compared",
                "make two studies of it");
      return false;
    }
  }
  return true;
}

// A cross-entropy applies the sigmoid or softmax itself.
void check_logits(ReaderContext& c, const std::string& loss, Task task) {
  const Setting& output = c.spec.setting("model.output_activation");
  if (output.range || output.constant != Value(std::string("identity"))) {
    const std::string own = task == Task::binary ? "sigmoid" : "softmax";
    c.problem(output.where, "model.output_activation with " + loss,
              "this loss takes the network's output as logits and applies the " + own +
                  " itself; the model predicts probabilities",
              "leave model.output_activation out");
  }
  if (c.given("data.normalise.targets") && c.spec.data.normalise_targets != Normalisation::none) {
    c.problem(c.place("data.normalise.targets"), "data.normalise.targets with " + loss,
              "scaled classes or probabilities are none", "leave it out, or set it to none");
  }
  c.spec.data.normalise_targets = Normalisation::none;
  for (const VariableSpec& target : c.spec.data.targets) {
    const bool shifted =
        task == Task::binary ? target.offset != 0 : target.offset != std::floor(target.offset);
    if (target.transform != Transform::none || shifted) {
      c.problem(target.where, "data.targets: " + target.name + " is transformed, with " + loss,
                task == Task::binary
                    ? "its targets are 0, 1 or probabilities as they are"
                    : "its targets are the numbers of classes, which only a whole offset may shift",
                "write the name alone");
    }
  }
}

void check_classes(ReaderContext& c, Task task) {
  if (task != Task::classes) {
    if (c.spec.data.classes > 0) {
      c.problem(c.place("data.classes"), "data.classes without a class target",
                "only training.loss: categorical_cross_entropy has one", "remove it");
    }
    return;
  }
  if (c.spec.data.targets.size() > 1) {
    c.problem(
        c.spec.data.targets[1].where,
        "categorical_cross_entropy with " + std::to_string(c.spec.data.targets.size()) + " targets",
        "it has one class target, an integer variable [N]", "leave one of them");
  }
}

void check_weights(ReaderContext& c) {
  const DataSpec& data = c.spec.data;
  if (data.weights.empty()) {
    return;
  }
  const std::string place = c.place("data.weights");
  for (const auto* list : {&data.inputs, &data.targets}) {
    for (const VariableSpec& v : *list) {
      if (v.name == data.weights) {
        c.problem(place,
                  "data.weights: " + v.name + " is also " +
                      (list == &data.inputs ? "an input" : "a target"),
                  "a weight says how much a row counts, not what is known of it or sought",
                  "remove it from one of the two");
      }
    }
  }
  if (data.weights == data.split.variable) {
    c.problem(place, "data.weights: " + data.weights + " is also the split variable", "",
              "remove it from one of the two");
  }
}

void check_objective_suits(ReaderContext& c, Task task) {
  SearchSpec& search = c.spec.search;
  if (!c.given("search.objective")) {
    search.objective = task == Task::binary    ? Metric::binary_cross_entropy
                       : task == Task::classes ? Metric::categorical_cross_entropy
                                               : search.objective;
    return;
  }
  if (suits(search.objective, task)) {
    return;
  }
  std::string known;
  for (const std::string& text : metric_names()) {
    Metric metric{};
    if (parse_name(text, metric) && suits(metric, task)) {
      known += (known.empty() ? "" : ", ") + text;
    }
  }
  const char* kinds[] = {"a regression", "binary targets", "class targets"};
  c.problem(c.place("search.objective"),
            std::string("search.objective: ") + name(search.objective) + " of " +
                kinds[static_cast<int>(task)],
            "training.loss says what the targets are, and this is not defined for them",
            "choose one of " + known);
}

}  // namespace

void check_targets(ReaderContext& context) {
  check_weights(context);
  const Setting& loss = context.spec.setting("training.loss");
  Task task{};
  if (!check_one_task(context, loss, task)) {
    return;
  }
  if (task != Task::regression) {
    check_logits(context, name(losses_of(loss).front()), task);
  }
  check_classes(context, task);
  check_objective_suits(context, task);
}

}  // namespace twostep
